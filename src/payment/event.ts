// The contracts of what comes in: payment event and label. JSON Schema and AsyncAPI are generated from here.
// Fields that we do not know are kept, not rejected: a producer may be newer than we are.
// Every message completes the name of its field to a sentence.
import { isIP } from 'node:net'
import { z } from 'zod'
import { RFC_3339 } from './event-time.ts'

export const EVENT_TYPES = [
  'authorisation',
  'transfer',
  'withdrawal',
  'refund',
  'reversal',
  'login',
  'otp',
  'profile_change',
  'payee_added',
] as const
export const CHANNELS = ['ecommerce', 'pos', 'atm', 'moto', 'app', 'web', 'branch', 'api'] as const
export const OUTCOMES = ['pending', 'approved', 'declined', 'failed'] as const

const OBJECT = 'must be an object'
const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`)
const text = (max: number) => z.string('must be a text').max(max, `must have at most ${max} characters`)

/** An identifier of the publisher's: opaque to us, at most 128 characters; white space around it is removed. */
const identifier = z
  .string('must be a text')
  .trim()
  .min(1, 'must not be empty')
  .max(128, 'must have at most 128 characters')
const pattern = (regex: RegExp, message: string) => z.string(message).regex(regex, message)
const country = pattern(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 country in capitals, such as "DE"')
const timeZone = z
  .string('must be an IANA time zone, such as "Europe/Berlin"')
  .max(64, 'must have at most 64 characters')
  .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, 'must be an IANA time zone, such as "Europe/Berlin"')
  .optional()
  .describe('IANA time zone, for local time; without it that of the country, where it has but one')
const currency = pattern(/^[A-Z]{3}$/, 'must be an ISO 4217 currency in capitals, such as "EUR"')
const time = pattern(
  RFC_3339,
  'must be an RFC 3339 time with its offset, such as "2026-03-01T12:00:00Z"',
).meta({ format: 'date-time' })
const amountMinor = z
  .number('must be a whole number of minor units, such as 1999 for 19.99 EUR')
  .int({
    error: (issue) =>
      issue.code === 'too_big'
        ? `must be at most ${Number.MAX_SAFE_INTEGER}`
        : 'must be a whole number of minor units, such as 1999 for 19.99 EUR',
  })
  .min(0, 'must not be negative; a refund is an event of type "refund" with a positive amount')
/** By Node's own parser: zod's takes 2 µs for an IPv6 address, because it makes a URL of it. */
const ip = z
  .string('must be an IPv4 or IPv6 address')
  .refine((address) => isIP(address) !== 0 && !address.includes('%'), 'must be an IPv4 or IPv6 address')
  .meta({ anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] })
const degrees = (limit: number) => {
  const message = `must be a number of degrees from -${limit} to ${limit}`
  return z.number(message).min(-limit, message).max(limit, message)
}

const payer = z
  .looseObject(
    {
      account: identifier.optional().describe('Account that pays; may be an IBAN or account number'),
      customer: identifier.optional().describe('Customer that the account or card belongs to'),
      country: country.optional().describe('Country of residence'),
      timeZone,
    },
    OBJECT,
  )
  .describe('Who pays')

const instrument = z
  .looseObject(
    {
      type: oneOf(['card', 'wallet', 'bank']),
      token: identifier.optional().describe('Token of the card or wallet; never a card number'),
      bin: pattern(/^\d{6,8}$/, 'must be the first 6 to 8 digits of the card number, as a text')
        .optional()
        .describe('First 6 to 8 digits'),
      issuerCountry: country.optional(),
      scheme: text(32).optional().describe('visa, mastercard, sepa …'),
    },
    OBJECT,
  )
  .describe('What is paid with')

const payee = z
  .looseObject(
    {
      merchant: identifier.optional().describe('Merchant that is paid'),
      account: identifier.optional().describe('Account that is paid, for transfers'),
      mcc: pattern(
        /^\d{4}$/,
        'must be an ISO 18245 merchant category code of four digits, as a text',
      ).optional(),
      country: country.optional(),
      timeZone,
    },
    OBJECT,
  )
  .describe('Who is paid')

const device = z
  .looseObject(
    {
      id: identifier.optional(),
      ip: ip.optional(),
      fingerprint: text(256).optional(),
      geo: z
        .looseObject({ lat: degrees(90), lon: degrees(180) }, OBJECT)
        .optional()
        .describe('Position in degrees, WGS 84'),
    },
    OBJECT,
  )
  .describe('What the payer uses')

const authentication = z
  .looseObject(
    {
      method: oneOf(['none', 'password', 'pin', 'chip', 'contactless', '3ds', 'otp', 'biometric', 'sca']),
      result: oneOf(['passed', 'failed', 'attempted', 'exempted']).optional(),
    },
    OBJECT,
  )
  .describe('How the payer was authenticated')

const attribute = z.union(
  [z.string().max(1024), z.number(), z.boolean()],
  'must be a text of at most 1024 characters, a number, or true or false',
)

interface NamesPayer {
  readonly payer: { readonly account?: string | undefined; readonly customer?: string | undefined }
  readonly instrument?: { readonly type: string; readonly token?: string | undefined } | undefined
}

/** Without any of these no journal of the payer could hear of the event. */
function namesPayer({ payer, instrument }: NamesPayer): boolean {
  if (payer.account !== undefined || payer.customer !== undefined) return true
  return instrument?.token !== undefined && instrument.type !== 'bank'
}
const NO_PAYER = {
  path: ['payer'],
  error: 'needs account or customer, unless instrument.token names a card or wallet',
}
/** The same as `namesPayer`, in JSON Schema. */
const namesPayerSchema = [
  { properties: { payer: { required: ['account'] } } },
  { properties: { payer: { required: ['customer'] } } },
  {
    properties: { instrument: { required: ['token'], properties: { type: { enum: ['card', 'wallet'] } } } },
    required: ['instrument'],
  },
]

export const paymentEventSchema = z
  .looseObject(
    {
      id: identifier.describe('Unique for the tenant: a second event with this id is a duplicate'),
      type: oneOf(EVENT_TYPES),
      time: time.describe('When it happened, RFC 3339'),
      amount: amountMinor.describe(
        'Minor units of the currency (cents; for JPY yen); 0 where no money moves',
      ),
      currency: currency.describe('ISO 4217; XXX where no money moves'),
      outcome: oneOf(OUTCOMES)
        .optional()
        .describe('What became of it so far; `declined` and `failed` count as such in windows'),
      channel: oneOf(CHANNELS).optional(),
      tenant: identifier.optional().describe('Whose event this is; entities of tenants are apart'),
      payer,
      instrument: instrument.optional(),
      payee: payee.optional(),
      device: device.optional(),
      authentication: authentication.optional(),
      attributes: z
        .record(z.string().max(64, 'must have a name of at most 64 characters'), attribute, OBJECT)
        .optional()
        .describe("The publisher's own facts, readable in rules as attributes['name']"),
    },
    OBJECT,
  )
  .refine(namesPayer, NO_PAYER)
  .meta({
    id: 'PaymentEvent',
    description: 'Something that a payer did, while it can still be stopped',
    anyOf: namesPayerSchema,
  })

export type PaymentEvent = z.infer<typeof paymentEventSchema>

export const labelSchema = z
  .looseObject(
    {
      id: identifier.describe('Unique for the tenant: a second label with this id is a duplicate'),
      event: identifier.describe('Id of the payment event that is labelled'),
      eventTime: time
        .optional()
        .describe(
          'Time of that event, RFC 3339: rates of fraud count the label there; without it, at `time`',
        ),
      label: oneOf(['fraud', 'genuine']),
      time: time.describe('When it became known, RFC 3339'),
      source: oneOf(['chargeback', 'analyst', 'customer', 'issuer', 'other']).optional(),
      tenant: identifier.optional(),
      payer: payer.describe('As in the labelled event, so that the journals of its entities hear of it'),
      instrument: instrument.optional(),
      payee: payee.optional(),
      device: device.optional(),
    },
    OBJECT,
  )
  .refine(namesPayer, NO_PAYER)
  .meta({
    id: 'Label',
    description: 'What an earlier payment event turned out to be',
    anyOf: namesPayerSchema,
  })

export type Label = z.infer<typeof labelSchema>
