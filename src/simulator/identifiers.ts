// Names of simulated things. None can be mistaken for a card number or belong to somebody: no run of digits is 13 long,
// the banks do not exist, and every IP address is from a range that is reserved for documentation, tests or carriers.
import type { PaymentEvent } from '../payment/event.ts'
import type { Country } from './countries.ts'
import type { Random } from './random.ts'

export type Instrument = NonNullable<PaymentEvent['instrument']>

/** What a payer holds in the hand; position and address are those of the moment. */
export interface Device {
  readonly id: string
  readonly fingerprint: string
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const BANKS = ['SIMA', 'SIMB', 'SIMC', 'SIMD', 'SIME', 'SIMF'] as const
/** First digits of the card numbers that payment providers publish for testing. */
const BINS = [
  { bin: '411111', scheme: 'visa' },
  { bin: '424242', scheme: 'visa' },
  { bin: '400005', scheme: 'visa' },
  { bin: '401288', scheme: 'visa' },
  { bin: '555555', scheme: 'mastercard' },
  { bin: '520082', scheme: 'mastercard' },
  { bin: '222300', scheme: 'mastercard' },
  { bin: '510510', scheme: 'mastercard' },
  { bin: '378282', scheme: 'amex' },
] as const

/** `prefix` and `length` letters or digits; length at most 12. */
export function identifier(random: Random, prefix: string, length = 12): string {
  let text = prefix
  for (let i = 0; i < length; i++) text += LETTERS.charAt(random.int(LETTERS.length))
  return text
}

export function newDevice(random: Random): Device {
  return { id: identifier(random, 'dev_'), fingerprint: identifier(random, 'fp_') }
}

export function newCard(random: Random, issuerCountry: string, type: 'card' | 'wallet'): Instrument {
  const { bin, scheme } = random.pick(BINS)
  return { type, token: identifier(random, 'tok_'), bin, issuerCountry, scheme }
}

/** The same card under a new token, as after a theft or on a phone. */
export function retokenised(random: Random, card: Instrument, type: Instrument['type']): Instrument {
  return { ...card, type, token: identifier(random, 'tok_') }
}

/**
 * An IBAN with right check digits (ISO 13616, mod 97) at a bank that does not exist. All countries have the layout of the
 * Netherlands, four letters and ten digits: the longer ones of other countries can hold a run of digits that passes for a card.
 */
export function newAccount(random: Random, country: Country): string {
  const bank = random.pick(BANKS)
  const number = String(random.int(10_000_000_000)).padStart(10, '0')
  const check = 98 - mod97(`${bank}${number}${country.code}00`)
  return `${country.code}${String(check).padStart(2, '0')}${bank}${number}`
}

function mod97(text: string): number {
  let rest = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}

/** A household's address: 2001:db8::/32 (RFC 3849) or 100.64.0.0/10 (RFC 6598). */
export function homeIp(random: Random): string {
  if (random.chance(0.12)) {
    const group = (): string => random.int(65_536).toString(16)
    return `2001:db8:${group()}:${group()}::${group()}`
  }
  return `100.${64 + random.int(64)}.${random.int(256)}.${random.int(256)}`
}

/** The `n`th address behind which a mobile operator or a hotel hides many people: 198.18.0.0/15 (RFC 2544). */
export function sharedIp(n: number): string {
  return `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`
}

/** A rented server or a VPN exit: 192.0.2.0/24, 198.51.100.0/24 or 203.0.113.0/24 (RFC 5737). */
export function hostingIp(random: Random): string {
  return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${1 + random.int(254)}`
}
