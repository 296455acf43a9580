// The rows of a training set: feature values with what is known, and was known when, about each payment.
import { createHash } from 'node:crypto'
import type { BatchEvent } from '../batch.ts'
import type { KnownTruth } from './training-records.ts'

export interface TrainingSet {
  /** One row a payment in the order of arrival, one value a feature. */
  readonly matrix: Float64Array
  readonly rows: number
  /** Event time of each row, epoch milliseconds. */
  readonly timesMs: Float64Array
  /** When a label said that the row is fraud, epoch milliseconds; NaN when none did. */
  readonly labelledMs: Float64Array
  /** The truth of each row: what the simulator knows, or whether it was ever labelled fraud. For judging, never for fitting. */
  readonly isFraud: readonly boolean[]
  /** Of a simulated fraud its campaign, else null. For judging, never for fitting. */
  readonly campaigns: readonly (string | null)[]
  /** Amount of each row in major units of the base currency; NaN without a rate. */
  readonly amounts: Float64Array
  /** Who paid, numbered from 0: a card, else an account, else a customer. */
  readonly payers: Uint32Array
  readonly events: number
  readonly fromMs: number
  readonly toMs: number
  /** SHA-256 of the matrix, hex. */
  readonly digest: string
}

export interface TrainingRows {
  /** A payment, what the source knows of it, and how its features are written. */
  add(event: BatchEvent, truth: KnownTruth | null, write: (out: Float64Array, at: number) => void): void
  /** A label that says fraud. Of several the earliest counts. */
  label(event: string, atMs: number): void
  finish(): Omit<TrainingSet, 'events'>
}

const FIRST_ROWS = 65_536

/** The rows so far, in arrays that grow. */
export function createTrainingRows(width: number): TrainingRows {
  let matrix = new Float64Array(FIRST_ROWS * width)
  let timesMs = new Float64Array(FIRST_ROWS)
  let labelledMs = new Float64Array(FIRST_ROWS).fill(Number.NaN)
  let amounts = new Float64Array(FIRST_ROWS)
  const payers: number[] = []
  const truths: (KnownTruth | null)[] = []
  const rowOf = new Map<string, number>()
  const numberOf = new Map<string, number>()
  return {
    add(event, truth, write) {
      const row = truths.length
      if (row === timesMs.length) {
        matrix = grown(matrix)
        timesMs = grown(timesMs)
        labelledMs = grown(labelledMs).fill(Number.NaN, row)
        amounts = grown(amounts)
      }
      write(matrix, row * width)
      timesMs[row] = event.timeMs
      amounts[row] = event.amount
      truths.push(truth)
      rowOf.set(event.event.id, row)
      const payer = payerOf(event)
      const number = numberOf.get(payer) ?? numberOf.size
      numberOf.set(payer, number)
      payers.push(number)
    },
    label(id, atMs) {
      const row = rowOf.get(id)
      if (row !== undefined && !((labelledMs[row] ?? 0) <= atMs)) labelledMs[row] = atMs
    },
    finish() {
      const rows = truths.length
      const knowsTruth = truths.some((truth) => truth !== null)
      const used = matrix.slice(0, rows * width)
      const times = timesMs.slice(0, rows)
      return {
        matrix: used,
        rows,
        timesMs: times,
        labelledMs: labelledMs.slice(0, rows),
        isFraud: truths.map((truth, row) =>
          knowsTruth ? truth?.isFraud === true : Number.isFinite(labelledMs[row]),
        ),
        campaigns: truths.map((truth) => (truth?.isFraud === true ? truth.campaign : null)),
        amounts: amounts.slice(0, rows),
        payers: Uint32Array.from(payers),
        fromMs: times[0] ?? Number.NaN,
        toMs: times.at(-1) ?? Number.NaN,
        digest: createHash('sha256').update(new Uint8Array(used.buffer)).digest('hex'),
      }
    },
  }
}

/**
 * The set as somebody knew it at a time: only rows that had arrived before `rows`, only labels from before `byMs`, and no truth but
 * those labels. Whatever is fitted on it cannot have seen anything later.
 */
export function knownSet(set: TrainingSet, rows: number, byMs: number): TrainingSet {
  const width = set.matrix.length / set.rows
  const labelledMs = set.labelledMs.slice(0, rows).map((ms) => (ms < byMs ? ms : Number.NaN))
  return {
    ...set,
    matrix: set.matrix.subarray(0, rows * width),
    rows,
    timesMs: set.timesMs.subarray(0, rows),
    labelledMs,
    isFraud: Array.from(labelledMs, (ms) => Number.isFinite(ms)),
    campaigns: [],
    amounts: set.amounts.subarray(0, rows),
    payers: set.payers.subarray(0, rows),
    toMs: set.timesMs[rows - 1] ?? Number.NaN,
  }
}

function payerOf({ event: { tenant, instrument, payer } }: BatchEvent): string {
  return `${tenant ?? ''}\n${instrument?.token ?? payer.account ?? payer.customer ?? ''}`
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length)
  larger.set(values)
  return larger
}
