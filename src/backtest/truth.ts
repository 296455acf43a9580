// What was true about each event of a recording: its final label, whenever that came. Only the judge of a backtest knows it; the
// pipeline sees each label at its own place in the stream.
import type { BatchEvent } from '../batch.ts'
import type { PaymentEvent } from '../payment/event.ts'
import { labelSchema } from '../payment/event.ts'
import type { Recording } from './recording.ts'

export const TRUTHS = ['fraud', 'genuine', 'unknown'] as const
export type Truth = (typeof TRUTHS)[number]

export interface Labels {
  /** How many events have one. */
  readonly size: number
  truthOf(event: BatchEvent): Truth
}

/** Money moves with these; only they count as genuine when nobody says otherwise. */
const IS_PAYMENT: ReadonlySet<PaymentEvent['type']> = new Set(['authorisation', 'transfer', 'withdrawal'])

/** Reads all labels of a recording: memory grows with labels, not with events. A label that is not valid is left out here. */
export async function readLabels(
  recording: Recording,
  unlabelled: 'genuine' | 'unknown',
  onProgress: (done: number, of: number) => void,
): Promise<Labels> {
  const final = new Map<string, 'fraud' | 'genuine'>()
  for await (const lines of recording.read('labels', onProgress)) {
    for (const { kind, value } of lines) {
      if (kind === 'event' || value === null) continue
      const label = labelSchema.safeParse(parsed(value))
      if (label.success) final.set(nameOf(label.data.tenant, label.data.event), label.data.label)
    }
  }
  return {
    size: final.size,
    truthOf({ event }) {
      const label = final.get(nameOf(event.tenant, event.id))
      if (label !== undefined) return label
      return IS_PAYMENT.has(event.type) ? unlabelled : 'unknown'
    },
  }
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'))
  } catch (error) {
    // The pipeline says what is wrong with it, and counts it.
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function nameOf(tenant: string | undefined, event: string): string {
  return tenant === undefined ? event : `${tenant}\n${event}`
}
