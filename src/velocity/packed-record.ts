// Journal records packed for keeping in memory: about 22 bytes instead of 52, and the same bytes again when unpacked.
//
//   packed  = control time amount id 4number [position] / %x00 raw
//   control = u8              ; kind, plus 64 when the amount is unknown, plus 128 when there is a position
//   time    = varint          ; zigzag of the difference to the record before in the chunk, milliseconds
//   amount  = varint          ; base minor units
//   id      = 8 bytes
//   number  = varint          ; of the counterpart's hash in the dictionary
//   position = u32
//   raw     = 52 bytes        ; whatever does not fit the above, such as a label's record
//   varint  = *( 1bit=1 7bit ) 1bit=0 7bit        ; low bits first, at most 2^53
import { FIRST_LABEL_KIND } from './entity.ts'
import type { HashDictionary } from './hash-dictionary.ts'
import {
  AMOUNT_UNKNOWN,
  RECORD_BYTES,
  readCounterpart,
  readFlags,
  readIdHigh,
  readIdLow,
  readKind,
  readPosition,
  readTimeMs,
  writeCounterpart,
  writeFacts,
} from './journal-codec.ts'

/** More than any packed record takes: 1 + 8 + 8 + 8 + 4 varints of 5 + 4, or 1 + 52. */
export const MAX_PACKED_BYTES = 53
const UNKNOWN = 64
const POSITIONED = 128

/** A place to read from or write to, which moves on. */
export interface Cursor {
  view: DataView
  at: number
  /** Event time of the record before, 0 at a chunk's beginning. */
  timeMs: number
}

/** Packs the record that stands at `from` in `record`. There must be room for MAX_PACKED_BYTES. */
export function packRecord(record: DataView, from: number, to: Cursor, dictionary: HashDictionary): void {
  const kind = readKind(record, from)
  const flags = readFlags(record, from)
  const amount = record.getFloat64(from + 8, true)
  const position = readPosition(record, from)
  const { view } = to
  const isAmountPlain = Number.isSafeInteger(amount) && amount >= 0 && !Object.is(amount, -0)
  const areFlagsPlain = flags === 0 || (flags === AMOUNT_UNKNOWN && amount === 0)
  // Labels use the counterparts' place for something else.
  if (kind === 0 || kind >= FIRST_LABEL_KIND || !areFlagsPlain || !isAmountPlain) {
    view.setUint8(to.at++, 0)
    for (let i = 0; i < RECORD_BYTES; i++) view.setUint8(to.at++, record.getUint8(from + i))
    return
  }
  view.setUint8(to.at++, kind + (flags === AMOUNT_UNKNOWN ? UNKNOWN : 0) + (position === 0 ? 0 : POSITIONED))
  const timeMs = readTimeMs(record, from)
  const difference = timeMs - to.timeMs
  to.timeMs = timeMs
  writeVarint(to, difference < 0 ? -2 * difference - 1 : 2 * difference)
  writeVarint(to, amount)
  view.setUint32(to.at, readIdLow(record, from), true)
  view.setUint32(to.at + 4, readIdHigh(record, from), true)
  to.at += 8
  for (let slot = 0; slot < 4; slot++)
    writeVarint(to, dictionary.numberOf(readCounterpart(record, from, slot)))
  if (position === 0) return
  view.setUint32(to.at, position, true)
  to.at += 4
}

/** Unpacks the next record into the 52 bytes of `record` at `at`. */
export function unpackRecord(from: Cursor, record: DataView, at: number, dictionary: HashDictionary): void {
  const { view } = from
  const control = view.getUint8(from.at++)
  if (control === 0) {
    for (let i = 0; i < RECORD_BYTES; i++) record.setUint8(at + i, view.getUint8(from.at++))
    return
  }
  const zigzag = readVarint(from)
  from.timeMs += zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
  const amount = readVarint(from)
  const id = { low: view.getUint32(from.at, true), high: view.getUint32(from.at + 4, true) }
  from.at += 8
  for (let slot = 0; slot < 4; slot++) writeCounterpart(record, at, slot, dictionary.hashOf(readVarint(from)))
  let position = 0
  if (control >= POSITIONED) {
    position = view.getUint32(from.at, true)
    from.at += 4
  }
  writeFacts(record, at, {
    timeMs: from.timeMs,
    kind: control % UNKNOWN,
    amountMinor: control % POSITIONED >= UNKNOWN ? Number.NaN : amount,
    id,
    position,
  })
}

function writeVarint(cursor: Cursor, value: number): void {
  let rest = value
  // Division, because shifts end at 32 bits.
  while (rest > 127) {
    cursor.view.setUint8(cursor.at++, 128 + (rest % 128))
    rest = Math.floor(rest / 128)
  }
  cursor.view.setUint8(cursor.at++, rest)
}

function readVarint(cursor: Cursor): number {
  let value = 0
  for (let weight = 1; ; weight *= 128) {
    const byte = cursor.view.getUint8(cursor.at++)
    value += (byte & 127) * weight
    if (byte < 128) return value
  }
}
