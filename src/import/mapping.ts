// The mapping file of an import: which column becomes which field of an event, and when its label became known.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { parseDuration } from '../rules/duration.ts'
import { readYaml } from '../rules/yaml-file.ts'

/** Fields of an event that a mapping may fill, besides `time` and `attributes`. */
export const FIELDS = [
  'id',
  'type',
  'amount',
  'currency',
  'outcome',
  'channel',
  'tenant',
  'payer.account',
  'payer.customer',
  'payer.country',
  'instrument.type',
  'instrument.token',
  'instrument.bin',
  'instrument.issuerCountry',
  'instrument.scheme',
  'payee.merchant',
  'payee.account',
  'payee.mcc',
  'payee.country',
  'device.id',
  'device.ip',
  'device.fingerprint',
  'device.geo.lat',
  'device.geo.lon',
  'authentication.method',
  'authentication.result',
] as const
export type Field = (typeof FIELDS)[number]

const column = z.string().min(1)
const duration = z.string().refine((text) => parseDuration(text) !== null, {
  error: 'must be a duration such as 36h or 14d',
})

/** Where a value comes from. */
const source = z.union(
  [
    z.strictObject({ constant: z.union([z.string(), z.number()]) }),
    z.strictObject({ row: z.string() }),
    z.strictObject({
      column,
      token: z.string().optional(),
      values: z.record(z.string(), z.string()).optional(),
      otherwise: z.string().optional(),
    }),
    z.strictObject({ columns: z.array(column).min(2), token: z.string() }),
  ],
  'must be { constant }, { row: prefix }, { column, token, values, otherwise } or { columns, token: prefix }',
)
export type Source = z.infer<typeof source>

const offset = z.string().regex(/^(?:Z|[+-]\d\d:\d\d)$/, 'must be "Z" or an offset such as "+01:00"')

const schema = z.strictObject({
  format: z.enum(['csv', 'json-lines']),
  delimiter: z.string().length(1).default(','),
  time: z.strictObject({
    column,
    /** `rfc3339`, `epoch-seconds`, `epoch-milliseconds`, `seconds` since `from`, or a pattern of yyyy MM dd HH mm ss. */
    format: z.string().min(1),
    from: z.iso.datetime({ offset: true }).optional(),
    zone: offset.default('Z'),
  }),
  amount: z.enum(['major', 'minor']),
  event: z.partialRecord(z.enum(FIELDS), source),
  attributes: z.record(z.string(), z.enum(['number', 'text'])).default({}),
  label: z
    .strictObject({
      column,
      fraud: z.array(z.string()).min(1),
      genuine: z.array(z.string()).default([]),
      source: z.enum(['chargeback', 'analyst', 'customer', 'issuer', 'other']).default('other'),
      fraudAfter: duration,
      genuineAfter: duration.optional(),
    })
    .optional(),
})
export type Mapping = z.infer<typeof schema>

/** Reads a mapping. Throws CONFIG_INVALID with every problem and where it stands. */
export function loadMapping(file: string): Mapping {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `the mapping ${file} cannot be read`, { cause: error })
  }
  const read = readYaml({
    file,
    text,
    schema,
    label: () => '',
    keys: (path) => (path[0] === 'event' ? FIELDS : Object.keys(schema.shape)),
  })
  const mapping = read.value
  if (mapping !== null) {
    for (const needed of ['type', 'amount', 'currency'] as const) {
      if (mapping.event[needed] === undefined)
        read.report(['event'], `needs ${needed}; give it a column or a constant`)
    }
    if (mapping.time.format === 'seconds' && mapping.time.from === undefined)
      read.report(['time'], 'needs from, the time of second 0, because its format is seconds')
  }
  const problems = read.problems()
  if (mapping === null || problems.length > 0)
    throw new AppError('CONFIG_INVALID', `the mapping ${file}`, { problems })
  return mapping
}

/** Whether the mapping tokenises anything, which needs a key. */
export function tokenises({ event }: Mapping): boolean {
  return Object.values(event).some((from) => 'token' in from && from.token !== undefined)
}
