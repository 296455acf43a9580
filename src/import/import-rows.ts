// An import: rows → events and labels in the order in which they would have arrived, and a report of what could not be one.
// Guarantees that every row is written or rejected with a reason, that what is written passes decode, and that no label
// comes before it would have been known.
import type { OutputRecord } from '../log/event-log.ts'
import type { TopicNames } from '../log/topics.ts'
import { maskCardNumbers } from '../payment/card-number.ts'
import { paymentEventSchema } from '../payment/event.ts'
import { payerKey } from '../payment/payer-key.ts'
import { createArrivalOrder } from './arrival-order.ts'
import { createConverter, labelFor } from './convert.ts'
import type { Mapping } from './mapping.ts'
import type { NumberedRow } from './rows.ts'

export interface ImportOptions {
  readonly rows: AsyncIterable<NumberedRow>
  readonly mapping: Mapping
  readonly topics: Pick<TopicNames, 'events' | 'labels'>
  readonly tokenOf: (id: string) => string
  /** Why decode would reject this message; null when it would not. */
  readonly check: (message: OutputRecord) => RejectedMessage | null
  readonly send: (messages: readonly OutputRecord[]) => Promise<void>
  /** Called for each row that is rejected, in the order of the file. */
  readonly onRejected: (rejected: RejectedRow) => void
  readonly onProgress: () => void
  readonly signal: AbortSignal
}

export interface RejectedMessage {
  readonly code: string
  readonly message: string
}

export interface RejectedRow {
  readonly line: number
  readonly reason: string
  readonly detail: string
}

export interface ImportResult {
  readonly rows: number
  readonly events: number
  readonly labels: number
  readonly rejected: number
  /** Events that were older than one already sent: sent all the same, where they stood. */
  readonly outOfOrder: number
}

/** Events that wait so that rows a little out of order come into order. */
const WAITING_EVENTS = 20_000
const CHUNK = 1_000

/** Throws what `send` and reading the rows throw. */
export async function importRows(options: ImportOptions): Promise<ImportResult> {
  const { mapping, topics } = options
  const convert = createConverter(options)
  const order = createArrivalOrder(WAITING_EVENTS)
  const result = { rows: 0, events: 0, labels: 0, rejected: 0, outOfOrder: 0 }
  const chunk: OutputRecord[] = []

  const reject = (line: number, reason: string, detail: string): void => {
    result.rejected++
    options.onRejected({ line, reason, detail: maskCardNumbers(detail) })
  }
  const accept = ({ line, row, problem }: NumberedRow): void => {
    result.rows++
    if (problem !== null) reject(line, problem.reason, problem.detail)
    if (row === null) return
    const converted = convert(row, result.rows)
    if ('reason' in converted) return reject(line, converted.reason, converted.detail)
    const { event, timeMs, label } = converted
    const message = messageOf(event, topics.events, timeMs)
    const fault = options.check(message)
    if (fault !== null) return reject(line, fault.code, fault.message)
    if (!order.add(message, timeMs, 'event')) result.outOfOrder++
    result.events++
    if (label === null) return
    const body = labelFor(paymentEventSchema.parse(event), label, mapping.label?.source)
    order.add(messageOf(body, topics.labels, label.knownAtMs), label.knownAtMs, 'label')
    result.labels++
  }
  const send = async (end: boolean): Promise<void> => {
    order.take(chunk, end)
    const least = end ? 1 : CHUNK
    while (chunk.length >= least) await options.send(chunk.splice(0, CHUNK))
  }
  for await (const row of options.rows) {
    if (options.signal.aborted) break
    accept(row)
    await send(false)
    if (result.rows % CHUNK === 0) options.onProgress()
  }
  await send(true)
  options.onProgress()
  return result
}

function messageOf(body: object, topic: string, timestampMs: number): OutputRecord {
  const value = JSON.stringify(body)
  return { topic, key: payerKey(Buffer.from(value)), value, timestampMs }
}
