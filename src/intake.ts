// Events over HTTP, in embedded mode: each goes into the in-process log as it is and waits for its own decision.
// The wait is keyed by the position in the log, so that duplicates and messages without a readable id get their answer too.
import type { Batch } from './batch.ts'
import { AppError, type RejectCode } from './errors.ts'
import type { OutputRecord } from './log/event-log.ts'

/** The decision's JSON text exactly as published, or why there is none. */
export type IntakeResult =
  | { readonly decision: string }
  | { readonly rejected: { readonly code: RejectCode; readonly message: string } }

export interface Intake {
  /** Appends the values as payment events and resolves with their results, in order. Rejects with LOG_UNAVAILABLE under overload. */
  submit(values: readonly Buffer[]): Promise<IntakeResult[]>
  /** To be told of every completed batch. */
  completed(batch: Batch): void
}

export interface IntakeOptions {
  readonly topic: string
  readonly append: (records: readonly OutputRecord[]) => readonly { partition: number; offset: string }[]
  /** Records that wait to be worked on. */
  readonly behind: () => number
  /** The key that keeps one payer's events in order; null when the value names no payer. */
  readonly keyOf: (value: Buffer) => string | null
}

/** Beyond this, a caller would wait longer for its answer than it is worth. */
const MAX_BEHIND = 20_000

export function createIntake(options: IntakeOptions): Intake {
  const waiting = new Map<string, (result: IntakeResult) => void>()
  const settle = (record: { partition: number; offset: string }, result: () => IntakeResult): void => {
    const position = `${record.partition}/${record.offset}`
    const resolve = waiting.get(position)
    if (resolve === undefined) return
    waiting.delete(position)
    resolve(result())
  }
  return {
    async submit(values) {
      const behind = options.behind()
      if (behind > MAX_BEHIND) {
        throw new AppError('LOG_UNAVAILABLE', `${behind} events wait to be decided; send these again later`)
      }
      const positions = options.append(
        values.map((value) => ({ topic: options.topic, key: options.keyOf(value), value })),
      )
      return await Promise.all(
        positions.map(
          ({ partition, offset }) =>
            new Promise<IntakeResult>((resolve) => waiting.set(`${partition}/${offset}`, resolve)),
        ),
      )
    },
    completed(batch) {
      if (waiting.size === 0 || batch.source.topic !== options.topic) return
      for (const { record, decision } of batch.events) {
        settle(record, () => ({ decision: JSON.stringify(decision) }))
      }
      for (const { record, code, message } of batch.rejected) {
        settle(record, () => ({ rejected: { code, message } }))
      }
    },
  }
}
