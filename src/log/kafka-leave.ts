// Ends a kafkajs consumer, without waiting for others when there is nothing to finish.
//
// kafkajs first waits for the answer to a join that is under way. The coordinator holds that back until every member that it knows
// has joined or timed out, among them one whose connection broke a moment ago: a whole session, longer than a shutdown may take.
import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer } from 'kafkajs'

const LOOK_EVERY_MS = 100
const PATIENCE_MS = 2_000

export interface LeaveOptions {
  /** True when nothing is in hand that waiting could bring to an end. */
  readonly isIdle: () => boolean
  /** Told when it was not waited for; the group notices then by itself that this member is gone. */
  readonly onGivenUp: () => void
}

/** Resolves when the consumer has disconnected, or when it has been idle for two seconds and still has not. */
export async function leave(
  consumer: Pick<Consumer, 'disconnect'>,
  { isIdle, onGivenUp }: LeaveOptions,
): Promise<void> {
  const disconnected = consumer.disconnect().then(() => true)
  // Once given up, nobody waits for it.
  disconnected.catch(() => undefined)
  let idleMs = 0
  while (idleMs < PATIENCE_MS) {
    if (await Promise.race([disconnected, delay(LOOK_EVERY_MS, false)])) return
    idleMs = isIdle() ? idleMs + LOOK_EVERY_MS : 0
  }
  onGivenUp()
}
