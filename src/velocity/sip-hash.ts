// SipHash-2-4 with 128 bits of output: a keyed hash for short texts, in 32-bit integer arithmetic.
// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and its reference implementation for the 128-bit form.
// Own code because node:crypto has no keyed hash that is cheap for 40 bytes: measured per text of 40 bytes by
// `node test/bench/velocity.ts`, 0.5 µs here and 1.5 µs for crypto.hash('sha256').

/**
 * Hashes the text's UTF-8 bytes (a lone surrogate as three bytes of its own, so that different texts stay different)
 * and writes the 16 bytes of the digest as four little-endian words into `out`.
 */
export type SipHash128 = (text: string, out: Uint32Array) => void

/** A hash with the 16-byte key. Not reentrant, which a synchronous function need not be. Throws RangeError for another key length. */
export function createSipHash128(key: Uint8Array): SipHash128 {
  if (key.length !== 16) throw new RangeError(`a SipHash key has 16 bytes, not ${key.length}`)
  const keyView = new DataView(key.buffer, key.byteOffset, 16)
  const keyWords = Int32Array.from({ length: 4 }, (_, i) => keyView.getInt32(i * 4, true))
  let bytes = new Uint8Array(512)
  let words = new DataView(bytes.buffer)

  return (text, out) => {
    // Three bytes a UTF-16 unit at most, and one block of padding.
    const most = text.length * 3 + 8
    if (bytes.length < most) {
      bytes = new Uint8Array(most * 2)
      words = new DataView(bytes.buffer)
    }
    const length = encode(text, bytes)
    // Last block: what is left of the text, zeros, and the length modulo 256 in its highest byte.
    const end = length & ~7
    for (let at = length; at < end + 7; at++) bytes[at] = 0
    bytes[end + 7] = length
    digest(keyWords, words, end / 8 + 1, out)
  }
}

/**
 * The hash of `blocks` padded blocks of 8 bytes. Each 64-bit word v0 to v3 of the state is a pair, a to d low and A to D high.
 * One loop holds absorption and both finalisations, so that the round stands here once and the state stays in registers
 * (a state in an Int32Array takes 1.4 times as long).
 */
function digest(key: Int32Array, message: DataView, blocks: number, out: Uint32Array): void {
  const [k0 = 0, K0 = 0, k1 = 0, K1 = 0] = key
  let [a, A, b, B] = [k0 ^ 0x70736575, K0 ^ 0x736f6d65, k1 ^ 0x6e646f6d ^ 0xee, K1 ^ 0x646f7261]
  let [c, C, d, D] = [k0 ^ 0x6e657261, K0 ^ 0x6c796765, k1 ^ 0x79746573, K1 ^ 0x74656462]
  for (let step = 0; step < blocks + 2; step++) {
    const absorbing = step < blocks
    const low = absorbing ? message.getInt32(step * 8, true) : 0
    const high = absorbing ? message.getInt32(step * 8 + 4, true) : 0
    d ^= low
    D ^= high
    if (step === blocks) c ^= 0xee
    else if (!absorbing) b ^= 0xdd
    for (let round = absorbing ? 2 : 4; round > 0; round--) {
      // A 64-bit sum carries when its low word comes out below an addend.
      a = (a + b) | 0
      A = (A + B + (a >>> 0 < b >>> 0 ? 1 : 0)) | 0
      c = (c + d) | 0
      C = (C + D + (c >>> 0 < d >>> 0 ? 1 : 0)) | 0
      const b13 = ((b << 13) | (B >>> 19)) ^ a
      B = ((B << 13) | (b >>> 19)) ^ A
      const d16 = ((d << 16) | (D >>> 16)) ^ c
      D = ((D << 16) | (d >>> 16)) ^ C
      // v0 was rotated by 32: its halves change places.
      const a32 = A
      A = a
      c = (c + b13) | 0
      C = (C + B + (c >>> 0 < b13 >>> 0 ? 1 : 0)) | 0
      a = (a32 + d16) | 0
      A = (A + D + (a >>> 0 < d16 >>> 0 ? 1 : 0)) | 0
      b = ((b13 << 17) | (B >>> 15)) ^ c
      B = ((B << 17) | (b13 >>> 15)) ^ C
      d = ((d16 << 21) | (D >>> 11)) ^ a
      D = ((D << 21) | (d16 >>> 11)) ^ A
      const c32 = C
      C = c
      c = c32
    }
    a ^= low
    A ^= high
    if (absorbing) continue
    const half = (step - blocks) * 2
    out[half] = a ^ b ^ c ^ d
    out[half + 1] = A ^ B ^ C ^ D
  }
}

/** UTF-8, with lone surrogates encoded like any other unit (WTF-8). Returns the number of bytes. */
function encode(text: string, bytes: Uint8Array): number {
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      bytes[at++] = unit
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >>> 6)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else {
      const point = text.codePointAt(i) ?? 0
      if (point > 0xffff) {
        i++
        bytes[at++] = 0xf0 | (point >>> 18)
        bytes[at++] = 0x80 | ((point >>> 12) & 0x3f)
      } else {
        bytes[at++] = 0xe0 | (point >>> 12)
      }
      bytes[at++] = 0x80 | ((point >>> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    }
  }
  return at
}
