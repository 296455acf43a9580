// Coalescing: what takes the place of a journal's oldest records, once no window with exact edges reaches them. Pure.
//
// Guarantees that every window of every event that is not late gives the same number before and after, bit for bit, however often
// and in whatever steps journals are coalesced: a bucket (k g, (k+1) g] has g <= g(newest - L - its upper edge), and no edge of a
// window that can still be asked for lies within such a bucket (grid.ts). test/property/velocity-coalescing.test.ts
import { type Bucket, readBucket, writeBucket } from './buckets.ts'
import { FIRST_LABEL_KIND } from './entity.ts'
import { gridStep, type Horizons, reachableFrom } from './grid.ts'
import {
  BUCKET_BYTES,
  HEADER_BYTES,
  RECORD_BYTES,
  readAmountMinor,
  readHeader,
  readIdHigh,
  readIdLow,
  readKind,
  readTimeMs,
  recordsStart,
  viewOf,
  writeHeader,
} from './journal-codec.ts'
import { isLater, type Label, readLabel } from './labels.ts'
import { addRow, addTotals, createTotals } from './totals.ts'

export interface Coalesced {
  /** How many bytes of the journal, header included, are to be replaced. */
  readonly prefixLength: number
  readonly replacement: Uint8Array
  /** Records that are no records any more. */
  readonly removed: number
}

interface Scan {
  readonly view: DataView
  readonly start: number
  readonly end: number
  readonly newestMs: number
  /** By record: what it is worth. */
  readonly counts: Uint8Array
  /** Pairs of records with one id: the one that counts and the one that is ignored for it. */
  readonly repeated: readonly (readonly [first: number, again: number])[]
}

/** What is neither is ignored: 0. */
const COUNTS = 1
const LABEL = 2

/** What to replace in the journal, whose bytes are given from its beginning; null when there is nothing to gain. */
export function coalesce(bytes: Uint8Array, horizons: Horizons): Coalesced | null {
  const scan = scanRecords(bytes, horizons)
  const records = prefixOf(scan, scan.newestMs - horizons.allowedLatenessMs - horizons.exactHorizonMs)
  if (records === 0) return null
  const header = readHeader(bytes)
  const reachableMs = reachableFrom(scan.newestMs, horizons)
  const kept = labelsOf(scan, records, reachableMs)
  const buckets = mergeBuckets(scan, bytes, records, horizons).filter(({ lastMs }) => lastMs > reachableMs)
  const replacement = new Uint8Array(
    HEADER_BYTES + buckets.length * BUCKET_BYTES + kept.length * RECORD_BYTES,
  )
  const view = viewOf(replacement)
  const newestMs = newestOf(scan, records, header.newestMs)
  replacement.set(
    writeHeader({
      epoch: header.epoch + 1,
      incarnation: header.incarnation,
      buckets: buckets.length,
      newestMs,
    }),
  )
  let at = HEADER_BYTES
  for (const bucket of buckets) {
    writeBucket(view, at, bucket)
    at += BUCKET_BYTES
  }
  for (const record of kept) {
    const from = scan.start + record * RECORD_BYTES
    replacement.set(bytes.subarray(from, from + RECORD_BYTES), at)
    at += RECORD_BYTES
  }
  const prefixLength = scan.start + records * RECORD_BYTES
  return replacement.length < prefixLength
    ? { prefixLength, replacement, removed: records - kept.length }
    : null
}

/** Folds the journal as every reader does (journal.ts), as far as coalescing needs it. */
function scanRecords(bytes: Uint8Array, { allowedLatenessMs }: Horizons): Scan {
  const view = viewOf(bytes)
  const start = recordsStart(bytes)
  const end = Math.floor((bytes.length - start) / RECORD_BYTES)
  const counts = new Uint8Array(end)
  const repeated: [number, number][] = []
  const first = new Map<bigint, number>()
  let { newestMs } = readHeader(bytes)
  for (let record = 0; record < end; record++) {
    const at = start + record * RECORD_BYTES
    if (readKind(view, at) >= FIRST_LABEL_KIND) {
      counts[record] = LABEL
      continue
    }
    const id = (BigInt(readIdHigh(view, at)) << 32n) | BigInt(readIdLow(view, at))
    const known = first.get(id)
    const timeMs = readTimeMs(view, at)
    const isLate = timeMs < newestMs - allowedLatenessMs
    if (known !== undefined) {
      // A repetition that is late in itself stays ignored when the first one is gone.
      if (!isLate) repeated.push([known, record])
      continue
    }
    if (isLate) continue
    first.set(id, record)
    counts[record] = COUNTS
    newestMs = Math.max(newestMs, timeMs)
  }
  return { view, start, end, newestMs, counts, repeated }
}

/** How many records, from the first on, can go: all that count are at most `cutMs` old, and none is repeated behind them. */
function prefixOf({ view, start, end, counts, repeated }: Scan, cutMs: number): number {
  let records = 0
  while (
    records < end &&
    (counts[records] !== COUNTS || readTimeMs(view, start + records * RECORD_BYTES) <= cutMs)
  ) {
    records++
  }
  for (let shorter = true; shorter; ) {
    shorter = false
    for (const [first, again] of repeated) {
      if (first >= records || again < records) continue
      records = first
      shorter = true
    }
  }
  return records
}

function newestOf({ view, start, counts }: Scan, records: number, before: number): number {
  let newestMs = before
  for (let record = 0; record < records; record++) {
    if (counts[record] === COUNTS)
      newestMs = Math.max(newestMs, readTimeMs(view, start + record * RECORD_BYTES))
  }
  return newestMs
}

/** Labels stay records, so that they can be corrected: the one that counts for each event, as long as a window reaches it. */
function labelsOf({ view, start, counts }: Scan, records: number, reachableMs: number): number[] {
  const current = new Map<string, Label>()
  for (let record = 0; record < records; record++) {
    if (counts[record] !== LABEL) continue
    const label = readLabel(view, start + record * RECORD_BYTES, record)
    const known = current.get(label.of)
    if (known === undefined || isLater(label, known)) current.set(label.of, label)
  }
  return [...current.values()]
    .filter(({ timeMs, eventMs }) => Math.max(timeMs, eventMs) > reachableMs)
    .map(({ ordinal }) => ordinal)
    .sort((a, b) => a - b)
}

/** The old buckets and the records that count, in buckets as coarse as they may be by now. */
function mergeBuckets(scan: Scan, bytes: Uint8Array, records: number, horizons: Horizons): Bucket[] {
  const { view, start, counts, newestMs } = scan
  const parts: Bucket[] = []
  for (let i = 0; i < readHeader(bytes).buckets; i++)
    parts.push(readBucket(view, HEADER_BYTES + i * BUCKET_BYTES))
  for (let record = 0; record < records; record++) {
    if (counts[record] !== COUNTS) continue
    const at = start + record * RECORD_BYTES
    const timeMs = readTimeMs(view, at)
    const totals = createTotals()
    addRow(totals, 0, readAmountMinor(view, at), 0)
    parts.push({ kind: readKind(view, at), level: 0, firstMs: timeMs, lastMs: timeMs, totals })
  }
  parts.sort((a, b) => a.kind - b.kind || a.lastMs - b.lastMs)
  const merged: Bucket[] = []
  let upperMs = 0
  let last: Bucket | null = null
  for (const part of parts) {
    if (last !== null && last.kind === part.kind && part.lastMs <= upperMs) {
      last.lastMs = part.lastMs
      last.firstMs = Math.min(last.firstMs, part.firstMs)
      addTotals(last.totals, 0, part.totals, 0)
      continue
    }
    const level = levelFor(part, newestMs, horizons)
    last = { ...part, level }
    upperMs = upperEdge(part.lastMs, level)
    merged.push(last)
  }
  return merged
}

/** log2 of the coarsest grid step of which one cell holds the part and may be a bucket. */
function levelFor(part: Bucket, newestMs: number, { allowedLatenessMs, exactHorizonMs }: Horizons): number {
  const oldestMs = newestMs - allowedLatenessMs
  let { level } = part
  for (;;) {
    const upperMs = upperEdge(part.lastMs, level + 1)
    const fits = upperMs <= oldestMs - exactHorizonMs && 2 ** (level + 1) <= gridStep(oldestMs - upperMs)
    if (!fits) return level
    level++
  }
}

/** Upper end of the cell (k g, (k+1) g] that holds the time. */
function upperEdge(timeMs: number, level: number): number {
  return Math.ceil(timeMs / 2 ** level) * 2 ** level
}
