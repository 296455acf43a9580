// A card data set of a public layout, unattended: imported, trained on, judged, backtested, and decided on by a processor.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EvaluationReport } from '../../src/evaluation/report.ts'
import { manifestSchema } from '../../src/model/manifest.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { runPaysentry } from '../support/processor.ts'
import { startEmbedded } from '../support/embedded.ts'

const ROWS = 6_000
const CARDS = 150
const START_MS = Date.UTC(2019, 0, 1)
/** Four months, so that labels, which come two weeks late, come at all. */
const EVERY_MS = 30 * 60_000
const HEAD =
  ',trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,job,dob,trans_num,unix_time,merch_lat,merch_long,is_fraud'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'paysentry-imported-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Rows in the layout of the Sparkov generator; in one of forty a stolen card buys electronics at night. */
function sparkovCsv(): string {
  const random = createRandom(4, 0)
  const rows = Array.from({ length: ROWS }, (_, n) => {
    const fraud = random.chance(1 / 40)
    const time = new Date(START_MS + n * EVERY_MS).toISOString().slice(0, 19).replace('T', ' ')
    const card = 4_000_000_000_000_000 + random.int(CARDS)
    const amount = (fraud ? random.logNormal(400, 0.3) : random.logNormal(40, 0.9)).toFixed(2)
    const category = fraud ? 'shopping_net' : random.pick(['grocery_pos', 'gas_transport', 'shopping_net'])
    const shop = fraud ? random.int(5) : random.int(80)
    return `${n},${time},${card},"fraud_Shop ${shop}, Inc",${category},${amount},Jo,Doe,F,1 A St,X,NC,28654,36.0,-81.1,3495,"Nurse, adult",1988-03-09,t${n},1325376018,36.01,-82.04,${fraud ? 1 : 0}`
  })
  return `${[HEAD, ...rows].join('\n')}\n`
}

const paysentry = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runPaysentry(args, {
    PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '000102030405060708090a0b0c0d0e0f',
    PAYSENTRY_MODEL_DIR: folder,
    PAYSENTRY_MODEL_VERSION: existsSync(join(folder, 'cards')) ? 'cards' : 'none',
  })
  expect(code, stderr).toBe(0)
  return stdout + stderr
}

it('an imported card stream is trained on, judged, backtested and decided on by the same commands', async () => {
  const [csv, traffic] = [join(folder, 'cards.csv'), join(folder, 'cards.jsonl')]
  writeFileSync(csv, sparkovCsv())
  const imported = await paysentry('import', csv, '--mapping', 'docs/import/sparkov.yaml', '--to', traffic)
  expect(imported).toContain(`${ROWS} rows: ${ROWS} events`)

  await paysentry('train', '--from', traffic, '--name', 'cards', '--epochs', '3', '--no-current')
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(folder, 'cards', 'manifest.json'), 'utf8')),
  )
  expect(manifest.training).toMatchObject({ source: 'cards.jsonl', events: ROWS, payments: ROWS })
  expect(manifest.supervised?.frauds).toBeGreaterThan(30)

  const [json, html] = [join(folder, 'evaluation.json'), join(folder, 'evaluation.html')]
  const judged = await paysentry(
    'evaluate',
    '--from',
    traffic,
    '--epochs',
    '3',
    '--every',
    '21',
    '--resamples',
    '20',
    '--json',
    json,
    '--html',
    html,
  )
  expect(judged).toContain('Judged: ')
  const report = JSON.parse(readFileSync(json, 'utf8')) as EvaluationReport
  expect(report.scores.map(({ id }) => id)).toContain('supervised')
  const precision = (id: string) =>
    report.scores.find((score) => score.id === id)?.averagePrecision.value ?? 0
  expect(precision('model')).toBeGreaterThan(report.judged.frauds / report.judged.payments)
  expect(readFileSync(html, 'utf8')).not.toMatch(/NaN|undefined|<script/)

  const backtest = await paysentry('backtest', '--from', traffic)
  expect(backtest).toMatch(/fraud stopped +[\d,]+ EUR saved/)

  const app = await startEmbedded({
    env: { PAYSENTRY_MODEL_DIR: folder, PAYSENTRY_MODEL_VERSION: 'cards' },
  })
  try {
    const lines = readFileSync(traffic, 'utf8').split('\n')
    const last = JSON.parse(lines.findLast((line) => line.includes('"payments.events"')) ?? '{}') as {
      value: Record<string, unknown>
    }
    const answer = await fetch(`${app.address}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(last.value),
    })
    expect(await answer.json()).toMatchObject({
      event: last.value['id'],
      score: { value: expect.any(Number) as number },
      versions: { model: expect.stringMatching(/^cards@/) as string },
    })
  } finally {
    await app.stop()
  }
})
