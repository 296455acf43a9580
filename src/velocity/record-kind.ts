// Which kind of journal record an event becomes.
import type { PaymentEvent } from '../payment/event.ts'
import type { RecordKind } from './entity.ts'

/** The kind under which the event is journaled. Moved money and log-ins that did not succeed have kinds of their own. */
export function recordKind(event: Pick<PaymentEvent, 'type' | 'outcome'>): RecordKind {
  const failed = event.outcome === 'declined' || event.outcome === 'failed'
  switch (event.type) {
    case 'authorisation':
    case 'transfer':
    case 'withdrawal':
      return failed ? 'declined' : 'payment'
    case 'login':
      return failed ? 'login_failed' : 'login'
    case 'otp':
      return failed ? 'otp_failed' : 'otp'
    case 'refund':
    case 'reversal':
    case 'profile_change':
    case 'payee_added':
      return event.type
  }
}
