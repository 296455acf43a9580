// The generated contracts: up to date, valid by the standards they name, and true of what the code takes and sends.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configTable, withConfigTable } from '../../scripts/generate/config-table.ts'
import { CONTRACTS } from '../../scripts/generate/json-schema.ts'
import { generatedFiles, ROOT, staleFiles } from '../../scripts/generate.ts'
import { configEntries } from '../../src/config.ts'
import { HEADERS, TOPICS } from '../../src/log/topics.ts'
import { decodeBatch } from '../support/decoding.ts'
import { label, logRecord, paymentEvent } from '../support/events.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const schemaOf = (file: string): object => JSON.parse(read(`docs/contracts/${file}`))

interface Message {
  readonly payload: object
  readonly headers?: object
  readonly bindings: { readonly kafka: { readonly key: object } }
  readonly examples: readonly { readonly payload: unknown; readonly headers?: unknown }[]
}
interface Channel {
  readonly address: string
  readonly messages?: Readonly<Record<string, Message>>
}
interface Document {
  readonly channels: Readonly<Record<string, Channel>>
  readonly operations: Readonly<Record<string, { readonly channel: { readonly $ref: string } }>>
  readonly components: object
}
const asyncApi = (): Document => parse(read('docs/contracts/asyncapi.yaml'))

function validator(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false })
  formats.default(ajv)
  return ajv
}

test('everything that is generated is up to date (else: node scripts/generate.ts)', () => {
  expect(staleFiles()).toEqual([])
  expect([...generatedFiles().keys()]).toEqual(
    expect.arrayContaining([
      'docs/contracts/payment-event.schema.json',
      'docs/contracts/label.schema.json',
      'docs/contracts/decision.schema.json',
      'docs/contracts/alert.schema.json',
      'docs/contracts/asyncapi.yaml',
      'docs/contracts/rules.schema.json',
      'docs/contracts/rule-tests.schema.json',
      'docs/contracts/README.md',
      'docs/errors.md',
    ]),
  )
})

describe('the JSON Schema', () => {
  test.each(Object.values(CONTRACTS))(
    'of $name is valid, and its example too',
    ({ file, example, schema }) => {
      const validate = validator().compile(schemaOf(file))
      expect(validate(example), JSON.stringify(validate.errors)).toBe(true)
      expect(schema.parse(example)).toEqual(example)
    },
  )

  test.each(Object.values(CONTRACTS))('of $name lets fields be added', ({ file, example }) => {
    expect(read(`docs/contracts/${file}`)).not.toContain('"additionalProperties": false')
    expect(validator().compile(schemaOf(file))({ ...example, added: { later: 1 } })).toBe(true)
  })

  const wrong: [string, object][] = [
    ['no id', { id: undefined }],
    ['an unknown type', { type: 'payment' }],
    ['decimals in the amount', { amount: 19.99 }],
    ['a negative amount', { amount: -1 }],
    ['an amount that is not exact', { amount: 2 ** 53 }],
    ['a time without offset', { time: '2026-03-01T12:00:00' }],
    ['a day that does not exist', { time: '2026-02-30T12:00:00Z' }],
    ['a small currency', { currency: 'eur' }],
    ['a payer whom nothing names', { payer: {}, instrument: undefined }],
    ['a payer with the token of a bank alone', { payer: {}, instrument: { type: 'bank', token: 't' } }],
    ['a wrong address', { device: { ip: '1.2.3' } }],
    ['a nested attribute', { attributes: { a: {} } }],
    ['a long attribute name', { attributes: { ['a'.repeat(65)]: 1 } }],
    ['null in an optional field', { outcome: null }],
  ]
  test.each(wrong)('of events refuses what decode rejects: %s', (_what, overrides) => {
    const message = paymentEvent({ ...overrides })
    expect(validator().compile(schemaOf('payment-event.schema.json'))(message)).toBe(false)
    expect(decodeBatch([logRecord(message)]).rejected).toHaveLength(1)
  })

  const right: object[] = [
    {},
    { payer: {}, instrument: { type: 'wallet', token: 't' } },
    { payer: { customer: 'c' }, instrument: undefined, payee: undefined, device: undefined },
    { device: { ip: '2001:db8::1' } },
    { time: '2026-03-01T12:00:00.123456789+05:30' },
    { attributes: { a: 1, b: 'x', c: false } },
    { id: ' padded ' },
  ]
  test.each(right)('of events takes what decode takes: %j', (overrides) => {
    const message = paymentEvent({ ...overrides })
    const validate = validator().compile(schemaOf('payment-event.schema.json'))
    expect(validate(message), JSON.stringify(validate.errors)).toBe(true)
    expect(decodeBatch([logRecord(message)]).rejected).toEqual([])
  })

  test('of labels takes and refuses what decode does', () => {
    const validate = validator().compile(schemaOf('label.schema.json'))
    for (const [message, taken] of [
      [label(), true],
      [label({ label: 'maybe' }), false],
      [label({ event: undefined }), false],
    ] as const) {
      expect(validate(message)).toBe(taken)
      expect(decodeBatch([logRecord(message)], TOPICS.labels).labels).toHaveLength(taken ? 1 : 0)
    }
  })
})

describe('the AsyncAPI document', () => {
  test("is valid by AsyncAPI's own schema", () => {
    const require = createRequire(import.meta.url)
    const ajv = new Ajv({ strict: false, allErrors: true })
    formats.default(ajv)
    const validate = ajv.compile(require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object)
    expect(validate(asyncApi()), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true)
    expect(validate({ ...asyncApi(), channels: { a: { adress: 1 } } })).toBe(false)
  })

  test('has a channel for every topic, and an operation for every one that is used', () => {
    const { channels, operations } = asyncApi()
    expect(
      Object.fromEntries(Object.entries(channels).map(([role, { address }]) => [role, address])),
    ).toEqual(TOPICS)
    const used = Object.values(operations).map(({ channel }) => channel.$ref.replace('#/channels/', ''))
    expect(used.sort()).toEqual(Object.keys(TOPICS).sort())
  })

  test('names every header, and the key of every message', () => {
    const document = asyncApi()
    const text = JSON.stringify(document)
    for (const header of Object.values(HEADERS)) expect(text).toContain(`"${header}"`)
    for (const { messages } of Object.values(document.channels)) {
      for (const { bindings } of Object.values(messages ?? {}))
        expect(bindings.kafka.key).toMatchObject({ type: 'string' })
    }
  })

  test('has examples that are valid by its own schemas', () => {
    const document = asyncApi()
    // Draft 7, as AsyncAPI's schema objects are; references are resolved within the document.
    const ajv = new Ajv({ strict: false })
    formats.default(ajv)
    let checked = 0
    for (const { messages } of Object.values(document.channels)) {
      for (const { payload, headers, examples } of Object.values(messages ?? {})) {
        const check = (schema: object, value: unknown) => {
          const validate = ajv.compile({ ...schema, components: document.components })
          expect(validate(value), JSON.stringify(validate.errors)).toBe(true)
          checked++
        }
        for (const example of examples) {
          check(payload, example.payload)
          if (headers !== undefined) check(headers, example.headers)
        }
      }
    }
    expect(checked).toBe(17)
  })
})

describe('the configuration table', () => {
  test('has a row for every setting, and says which are secret', () => {
    const table = configTable()
    for (const { path, env, secret } of configEntries()) {
      const row = table.split('\n').find((line) => line.startsWith(`| \`${path}\` | \`${env}\` |`))
      expect(row, path).toBeDefined()
      expect(row?.endsWith('(secret) |'), path).toBe(secret)
    }
  })

  test('goes between its markers, and leaves a page without them alone', () => {
    const page = '# A\n<!-- config:start -->\nold\n<!-- config:end -->\nrest\n'
    const updated = withConfigTable(page)
    expect(updated).toBe(`# A\n<!-- config:start -->\n${configTable()}<!-- config:end -->\nrest\n`)
    expect(withConfigTable(updated)).toBe(updated)
    expect(withConfigTable('# A\n')).toBe('# A\n')
  })
})
