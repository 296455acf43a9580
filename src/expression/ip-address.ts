// IP addresses and blocks of them as 32-bit words: one for IPv4, four for IPv6. An IPv4 address that is written as IPv6
// (::ffff:192.0.2.1) is the IPv4 address.
import { isIP } from 'node:net'

export type Words = readonly number[]

export type ParsedBlock =
  | { readonly ok: true; readonly has: (address: string) => boolean }
  | { readonly ok: false; readonly message: string }

/** The words of an address; null for a text that is none. A zone (`fe80::1%eth0`) does not count. */
export function parseAddress(text: string): Words | null {
  const version = isIP(text)
  if (version === 4) return [wordOf(text)]
  if (version !== 6) return null
  const [address = ''] = text.split('%')
  const words = wordsOf(address)
  const isMapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff
  return isMapped ? words.slice(3) : words
}

/** A block in CIDR notation (RFC 4632, RFC 4291), such as `10.0.0.0/8` or `2001:db8::/32`. */
export function parseBlock(text: string): ParsedBlock {
  const [, address = '', digits = ''] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? []
  const words = parseAddress(address)
  if (words === null) return { ok: false, message: `'${text}' is no block of addresses` }
  const isMapped = address.includes(':') && words.length === 1
  const bits = Number(digits) - (isMapped ? 96 : 0)
  if (bits < 0 || bits > words.length * 32) {
    return { ok: false, message: `'/${digits}' is no length of a prefix for ${address}` }
  }
  const masks = words.map((_, i) => maskOf(bits - i * 32))
  if (words.some((word, i) => (word & ~(masks[i] ?? 0)) !== 0)) {
    return { ok: false, message: `'${text}' sets bits behind its prefix` }
  }
  return { ok: true, has: (candidate) => isWithin(parseAddress(candidate), words, masks) }
}

function isWithin(address: Words | null, words: Words, masks: Words): boolean {
  if (address === null || address.length !== words.length) return false
  for (let i = 0; i < words.length; i++) {
    if (((address[i] ?? 0) & (masks[i] ?? 0)) !== ((words[i] ?? 0) & (masks[i] ?? 0))) return false
  }
  return true
}

/** A word whose first bits are set. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}

function wordOf(text: string): number {
  return text.split('.').reduce((word, byte) => (word << 8) | Number(byte), 0)
}

function wordsOf(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  const gap = Array.from({ length: 8 - front.length - back.length }, () => 0)
  const groups = [...front, ...gap, ...back]
  return [0, 2, 4, 6].map((i) => ((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0))
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const word = wordOf(group)
    return [word >>> 16, word & 0xffff]
  })
}
