// The bytes of a journal. They are stored: test/unit/velocity/codec.test.ts is golden, and a change of meaning needs another
// format version, which a processor that does not know it refuses.
//
//   journal     = header *bucket *record
//   header      = magic format epoch incarnation buckets newest 6%x00     ; 32 bytes
//   magic       = %x50 %x53 %x4A                                          ; "PSJ"
//   format      = %x01
//   epoch       = u32                                                     ; raised when a prefix is rewritten, from 0
//   incarnation = 8 bytes                                                 ; differs when a journal is created anew
//   buckets     = u32                                                     ; how many
//   newest      = u48                                                     ; highest event time of the rewritten prefix; 0: none
//   bucket      = see bucket-codec.ts                                     ; 64 bytes
//   record      = time kind flags amount id (counterparts / labelled) position   ; 52 bytes
//   time        = u48                                                     ; event time, epoch milliseconds
//   kind        = u8                                                      ; RECORD_KINDS
//   flags       = u8                                                      ; bit 0: amount unknown
//   amount      = f64                                                     ; base minor units, a whole number; 0 if unknown
//   id          = u32 u32                                                 ; keyed hash of the event's or label's id
//   counterparts = 4u48                                                   ; keyed hashes in the order of COUNTERPARTS; 0 is none
//   labelled    = u32 u32 u48 10%x00                                      ; of a label: id and time of the labelled event
//   position    = u32                                                     ; position.ts; 0 is none
//
// All numbers are little-endian.
import type { Hash64 } from './pseudonym.ts'

export const HEADER_BYTES = 32
export const BUCKET_BYTES = 64
export const RECORD_BYTES = 52
/** Magic and format version, as the first four bytes of every journal. */
export const FORMAT_TAG = 0x01_4a_53_50
export const AMOUNT_UNKNOWN = 1

export interface JournalHeader {
  readonly epoch: number
  readonly incarnation: Uint8Array
  readonly buckets: number
  /** Epoch milliseconds; 0 when no prefix was rewritten yet. */
  readonly newestMs: number
}

export function writeHeader({ epoch, incarnation, buckets, newestMs }: JournalHeader): Uint8Array {
  if (incarnation.length !== 8) throw new RangeError(`an incarnation has 8 bytes, not ${incarnation.length}`)
  const header = new Uint8Array(HEADER_BYTES)
  const view = viewOf(header)
  view.setUint32(0, FORMAT_TAG, true)
  view.setUint32(4, epoch, true)
  header.set(incarnation, 8)
  view.setUint32(16, buckets, true)
  writeU48(view, 20, newestMs)
  return header
}

/** A new journal's header: epoch 0 and the given incarnation of 8 bytes. */
export function newHeader(incarnation: Uint8Array): Uint8Array {
  return writeHeader({ epoch: 0, incarnation, buckets: 0, newestMs: 0 })
}

export function readHeader(bytes: Uint8Array): JournalHeader {
  const view = viewOf(bytes)
  return {
    epoch: view.getUint32(4, true),
    incarnation: bytes.slice(8, 16),
    buckets: view.getUint32(16, true),
    newestMs: readU48(view, 20),
  }
}

/** The header's 32 bytes, a character each. */
export function headerText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES).toString('latin1')
}

/** Where the records begin: behind the header and its buckets. */
export function recordsStart(bytes: Uint8Array): number {
  return HEADER_BYTES + viewOf(bytes).getUint32(16, true) * BUCKET_BYTES
}

/** True when the bytes start as a journal of this format does, and hold whole records behind whole buckets. */
export function isJournal(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES || viewOf(bytes).getUint32(0, true) !== FORMAT_TAG) return false
  const records = bytes.length - recordsStart(bytes)
  return records >= 0 && records % RECORD_BYTES === 0
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** What all journals of an event have in common in their records. */
export interface RecordFacts {
  /** Epoch milliseconds, a whole number from 0. */
  readonly timeMs: number
  /** A value of RECORD_KINDS. */
  readonly kind: number
  /** Base minor units; NaN when unknown. */
  readonly amountMinor: number
  readonly id: Hash64
  /** position.ts; 0 when unknown. */
  readonly position: number
}

/** Writes all but the 24 bytes of the counterparts. */
export function writeFacts(view: DataView, at: number, facts: RecordFacts): void {
  const unknown = Number.isNaN(facts.amountMinor)
  writeU48(view, at, facts.timeMs)
  view.setUint8(at + 6, facts.kind)
  view.setUint8(at + 7, unknown ? AMOUNT_UNKNOWN : 0)
  view.setFloat64(at + 8, unknown ? 0 : facts.amountMinor, true)
  view.setUint32(at + 16, facts.id.low, true)
  view.setUint32(at + 20, facts.id.high, true)
  view.setUint32(at + 48, facts.position, true)
}

/** Writes counterpart `slot` (0 to 3) of the record at `at`. */
export function writeCounterpart(view: DataView, at: number, slot: number, hash48: number): void {
  writeU48(view, at + 24 + slot * 6, hash48)
}

/** Writes id and time of the labelled event where a payment record has its counterparts. */
export function writeLabelled(view: DataView, at: number, labelled: Hash64, timeMs: number): void {
  view.setUint32(at + 24, labelled.low, true)
  view.setUint32(at + 28, labelled.high, true)
  writeU48(view, at + 32, timeMs)
}

export const readTimeMs = (view: DataView, at: number): number => readU48(view, at)
export const readKind = (view: DataView, at: number): number => view.getUint8(at + 6)
export const readFlags = (view: DataView, at: number): number => view.getUint8(at + 7)
export const readIdLow = (view: DataView, at: number): number => view.getUint32(at + 16, true)
export const readIdHigh = (view: DataView, at: number): number => view.getUint32(at + 20, true)
export const readCounterpart = (view: DataView, at: number, slot: number): number =>
  readU48(view, at + 24 + slot * 6)
export const readLabelledLow = (view: DataView, at: number): number => view.getUint32(at + 24, true)
export const readLabelledHigh = (view: DataView, at: number): number => view.getUint32(at + 28, true)
export const readLabelledTimeMs = (view: DataView, at: number): number => readU48(view, at + 32)
export const readPosition = (view: DataView, at: number): number => view.getUint32(at + 48, true)

/** Base minor units; NaN when unknown. */
export function readAmountMinor(view: DataView, at: number): number {
  return (readFlags(view, at) & AMOUNT_UNKNOWN) === 0 ? view.getFloat64(at + 8, true) : Number.NaN
}

export function writeU48(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setUint16(at + 4, value / 0x1_0000_0000, true)
}

export function readU48(view: DataView, at: number): number {
  return view.getUint16(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
}
