import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { importCommand } from '../../../src/cli/import.ts'
import { labelSchema, paymentEventSchema } from '../../../src/payment/event.ts'
import { containsCardNumber } from '../../../src/payment/card-number.ts'
import { commandTest } from '../../support/command-test.ts'

const at = commandTest('import', ['stderr'])
beforeEach(() => {
  vi.stubEnv('PAYSENTRY_PRIVACY_PSEUDONYM_KEY', '000102030405060708090a0b0c0d0e0f')
})
afterEach(() => {
  vi.unstubAllEnvs()
  process.exitCode = undefined
})

const SPARKOV = 'docs/import/sparkov.yaml'
const HEAD =
  ',trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud'
const sparkovRow = (n: number, time: string, amount: string, fraud: string, card = '4111111111111111') =>
  `${n},${time},${card},"fraud_Rippin, Kub and Mann",misc_net,${amount},Jo,Doe,F,1 A St,X,NC,28654,36.0,-81.1,3495,"Nurse, adult",1988-03-09,t${n},1325376018,36.01,-82.04,${fraud}`

interface Line {
  readonly topic: string
  readonly key: string
  readonly value: Readonly<Record<string, unknown>> & { readonly id: string; readonly time: string }
}

async function importText(text: string, mapping: string, ...more: string[]): Promise<Line[]> {
  const [input, output] = [join(at.folder, 'in'), join(at.folder, 'out.jsonl')]
  writeFileSync(input, text)
  await importCommand()
    .exitOverride()
    .parseAsync(['node', 'paysentry', input, '--mapping', mapping, '--to', output, ...more])
  const lines = readFileSync(output, 'utf8').split('\n').filter(Boolean)
  return lines.map((line): Line => JSON.parse(line))
}

describe('paysentry import', () => {
  it('turns the Sparkov layout into events and labels that the contracts accept, cards tokenised', async () => {
    const rows = [
      HEAD,
      sparkovRow(0, '2019-01-01 00:00:18', '4.97', '0'),
      sparkovRow(1, '2019-01-01 00:00:44', '107.235', '1'),
      sparkovRow(2, '2019-01-10 00:00:51', '0.29', '0', '5555555555554444'),
      sparkovRow(3, '2019-01-20 12:00:00', '45', '0'),
    ]
    const lines = await importText(`${rows.join('\n')}\n`, SPARKOV)
    const events = lines.filter(({ topic }) => topic === 'payments.events')
    for (const { value } of events) expect(paymentEventSchema.safeParse(value).error).toBeUndefined()
    expect(events.map(({ value }) => value['amount'])).toEqual([497, 10_724, 29, 4_500])
    expect(events[0]?.value).toMatchObject({
      id: 't0',
      time: '2019-01-01T00:00:18.000Z',
      currency: 'USD',
      channel: 'ecommerce',
      payee: { merchant: 'fraud_Rippin, Kub and Mann', country: 'US' },
      device: { geo: { lat: 36.01, lon: -82.04 } },
      attributes: { category: 'misc_net', city_pop: 3495 },
    })
    const cards = events.map(({ value }) => JSON.stringify(value['instrument']))
    expect(cards[0]).toBe(cards[1])
    expect(cards[0]).not.toBe(cards[2])
    expect(lines.some((line) => containsCardNumber(JSON.stringify(line)))).toBe(false)
    expect(JSON.stringify(lines)).not.toContain('Doe')
    expect(at.said).toContain('4 rows: 4 events and 1 labels written, 0 rows rejected')
  })

  it('writes a label when it was known, between the payments of that time, and never for genuine rows unasked', async () => {
    const rows = [
      HEAD,
      sparkovRow(0, '2019-01-01 00:00:00', '4.97', '1'),
      sparkovRow(1, '2019-01-14 23:59:59', '5', '0'),
      sparkovRow(2, '2019-01-15 00:00:01', '5', '0'),
    ]
    const lines = await importText(rows.join('\n'), SPARKOV)
    expect(lines.map(({ topic, value }) => [topic, value.id])).toEqual([
      ['payments.events', 't0'],
      ['payments.events', 't1'],
      ['payments.labels', 'label_t0'],
      ['payments.events', 't2'],
    ])
    const label = lines[2]!
    expect(labelSchema.safeParse(label.value).error).toBeUndefined()
    expect(label.value).toMatchObject({
      event: 't0',
      eventTime: '2019-01-01T00:00:00.000Z',
      time: '2019-01-15T00:00:00.000Z',
      label: 'fraud',
    })
    expect(label.key).toBe(lines[0]!.key)
  })

  it('turns the creditcard.csv layout into events with its components as attributes', async () => {
    const components = Array.from({ length: 28 }, (_, i) => `V${i + 1}`)
    const values = components.map((_, i) => `${-1.5 + i}`)
    const text = [
      ['Time', ...components, 'Amount', 'Class'].map((name) => `"${name}"`).join(','),
      [0, ...values, 149.62, '"0"'].join(','),
      ['1e+05', ...values, 0, '"1"'].join(','),
    ].join('\n')
    const lines = await importText(text, 'docs/import/creditcard.yaml')
    expect(lines.map(({ value }) => value.time)).toEqual([
      '2013-08-31T22:00:00.000Z',
      '2013-09-02T01:46:40.000Z',
      '2013-09-02T13:46:40.000Z',
    ])
    expect(lines[0]?.value).toMatchObject({ amount: 14_962, attributes: { V1: -1.5, V28: 25.5 } })
    expect(lines[2]?.topic).toBe('payments.labels')
  })

  it('loses no row: what is rejected is reported by reason with its lines, and the others go on', async () => {
    const rows = [
      HEAD,
      sparkovRow(0, 'yesterday', '1', '0'),
      sparkovRow(1, '2019-01-01 00:00:44', 'much', '0'),
      sparkovRow(2, '2019-01-01 00:00:44', '1', 'maybe'),
      'too,few,cells',
      sparkovRow(4, '2019-02-30 00:00:44', '1', '0'),
      sparkovRow(5, '2019-01-01 00:00:45', '-3', '0'),
      sparkovRow(6, '2019-01-01 00:00:46', '3', '0'),
    ]
    const rejects = join(at.folder, 'rejects.jsonl')
    const lines = await importText(rows.join('\n'), SPARKOV, '--rejects', rejects)
    expect(lines.map(({ value }) => value.id)).toEqual(['t6'])
    expect(at.said).toContain('1 events and 0 labels written, 6 rows rejected')
    expect(at.said).toContain('2 rejected, trans_date_trans_time is no time:\n')
    expect(at.said).toContain('  line 2: "yesterday" is not of the format yyyy-MM-dd HH:mm:ss')
    expect(at.said).toContain('  line 3: "much" is not a number')
    expect(at.said).toContain('  line 4: "maybe" is neither fraud nor genuine')
    expect(at.said).toMatch(/row is not CSV:\n {2}line 5: /)
    expect(at.said).toMatch(/EVENT_INVALID:\n {2}line 7: .*amount/)
    const written = readFileSync(rejects, 'utf8').trimEnd().split('\n')
    expect(written.map((line) => Number(JSON.parse(line).line)).sort((a, b) => a - b)).toEqual([
      2, 3, 4, 5, 6, 7,
    ])
  })

  it('never writes a card number in clear, not even into the report', async () => {
    const mapping = join(at.folder, 'mapping.yaml')
    writeFileSync(mapping, readFileSync(SPARKOV, 'utf8').replace('token: card_', 'otherwise: none'))
    const row = sparkovRow(0, '2019-01-01 00:00:18', '4.97', '0')
    expect(await importText([HEAD, row].join('\n'), mapping)).toEqual([])
    expect(at.said).toContain('CARD_NUMBER_IN_CLEAR')
    expect(containsCardNumber(at.said)).toBe(false)
    expect(process.exitCode).toBe(1)
  })

  it('reads JSON Lines with inner objects, and amounts in minor units', async () => {
    const mapping = join(at.folder, 'mapping.yaml')
    writeFileSync(
      mapping,
      `format: json-lines
time: { column: at, format: epoch-seconds }
amount: minor
event:
  type: { constant: transfer }
  amount: { column: money.minor }
  currency: { column: money.currency }
  payer.account: { columns: [from.bank, from.number], token: acc_ }
label: { column: fraud, fraud: ["true"], genuine: ["false"], fraudAfter: 1d, genuineAfter: 2d }
`,
    )
    const row = (fraud: boolean | null, number: string) =>
      JSON.stringify({
        at: 1_700_000_000,
        money: { minor: 1_234, currency: 'JPY' },
        from: { bank: 'b', number },
        fraud,
      })
    const text = [row(true, '1'), 'no JSON', row(false, '2'), row(null, '1'), '[]'].join('\n')
    const lines = await importText(text, mapping)
    expect(lines.map(({ topic, value }) => [topic, value['label'] ?? value['amount']])).toEqual([
      ['payments.events', 1_234],
      ['payments.events', 1_234],
      ['payments.events', 1_234],
      ['payments.labels', 'fraud'],
      ['payments.labels', 'genuine'],
    ])
    expect(at.said).toContain('line 2:')
    expect(at.said).toContain('line 5: a line must hold one object')
  })

  it('names every mistake in a mapping and where it stands', async () => {
    const mapping = join(at.folder, 'mapping.yaml')
    writeFileSync(
      mapping,
      'format: csv\ntime: { column: t, format: seconds }\namount: major\nevent:\n  type: { constant: transfer }\n  amount: { column: a }\n',
    )
    const error: unknown = await importText('', mapping).catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(/mapping\.yaml:2:\d+ needs from/)
    expect(String(error)).toMatch(/mapping\.yaml:5:\d+ needs currency/)
  })

  it('refuses to tokenise without a key, and says how to get one', async () => {
    vi.stubEnv('PAYSENTRY_PRIVACY_PSEUDONYM_KEY', '')
    await expect(importText(HEAD, SPARKOV)).rejects.toThrow('openssl rand -hex 16')
  })
})
