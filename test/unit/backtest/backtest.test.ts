import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runBacktest } from '../../../src/backtest/backtest.ts'
import { reportPage } from '../../../src/backtest/page.ts'
import { reportOf } from '../../../src/backtest/report.ts'
import { backtestText } from '../../../src/cli/backtest-text.ts'
import { runPaysentry } from '../../support/processor.ts'
import { folderOf, rulesYaml } from '../rules/support.ts'
import {
  fileOf,
  knowledgeOf,
  labelOf,
  lineOf,
  type Message,
  optionsOf,
  payment,
  START_MS,
} from './support.ts'

const LARGE = { id: 'large', when: 'amount >= 500.0', action: 'block', reason: 'LARGE' }
const SHADOW = {
  id: 'any-transfer',
  when: "type == 'transfer'",
  action: 'block',
  reason: 'ANY',
  mode: 'shadow',
}
const HUGE = { ...LARGE, when: 'amount >= 5000.0' }

/** A large fraud, a large genuine payment, a small fraud, a refused large fraud, a login, an unlabelled large payment. */
const STREAM: readonly Message[] = [
  payment('fraud-large', 0, { amount: 60_000 }),
  payment('genuine-large', 1, { amount: 80_000 }),
  payment('fraud-small', 2),
  labelOf('fraud-large', 'genuine', 3),
  payment('fraud-refused', 4, { amount: 90_000, outcome: 'declined' }),
  payment('login', 5, { type: 'login', amount: 0 }),
  payment('unlabelled', 6, { amount: 70_000 }),
  labelOf('fraud-large', 'fraud', 7),
  labelOf('genuine-large', 'genuine', 8),
  labelOf('fraud-small', 'fraud', 9),
  labelOf('fraud-refused', 'fraud', 10),
]
const CONTEXT = { file: 'recorded.jsonl', currency: 'EUR', minorPerMajor: 100, model: null } as const

function recorded(messages: readonly Message[] = STREAM): string {
  return fileOf(messages.map((message) => `${lineOf(message)}\n`).join(''))
}

test('figures follow from final labels, and money that was refused anyway does not count', async () => {
  const { knowledge } = knowledgeOf([LARGE, SHADOW])
  const counts = await runBacktest({ ...optionsOf(recorded(), knowledge), unlabelled: 'unknown' })
  const { set, ...report } = reportOf(counts, { ...CONTEXT, unlabelled: 'unknown' })
  expect(report).toMatchObject({ events: 6, labels: 5, labelled: 4, fraud: 3, fraudMinor: 70_000, days: 1 })
  expect(set).toMatchObject({
    alerts: 4,
    savedMinor: 60_000,
    wronglyStoppedMinor: 80_000,
    missedMinor: 10_000,
    precision: 2 / 3,
    recall: 2 / 3,
    recallByMoney: 6 / 7,
    genuineStoppedShare: 1,
  })
  expect(set.rules).toMatchObject([
    {
      id: 'any-transfer',
      mode: 'shadow',
      fires: 5,
      fraud: 3,
      genuine: 1,
      precision: 0.75,
      recall: 1,
      alone: 0,
    },
    { id: 'large', fires: 4, fraud: 2, genuine: 1, fraudMinor: 60_000, genuineMinor: 80_000, alone: 4 },
  ])
})

test('a payment without a label counts as genuine unless told otherwise, a login never does', async () => {
  const { knowledge } = knowledgeOf([LARGE])
  const counts = await runBacktest(optionsOf(recorded(), knowledge))
  expect(counts.set.byAction.block.genuine.events).toBe(2)
  expect(counts.set.byAction.allow.unknown.events).toBe(1)
})

test('events outside the judged span are played and not counted', async () => {
  const pair = { id: 'second', when: "count(account, '1h') == 2.0", action: 'review', reason: 'SECOND' }
  const { knowledge } = knowledgeOf([pair])
  const minute = 60_000
  const counts = await runBacktest({
    ...optionsOf(recorded(), knowledge),
    sinceMs: START_MS + minute,
    untilMs: START_MS + 2 * minute,
  })
  expect(counts.events).toBe(1)
  expect(counts.set.rules[0]?.fires.genuine.events).toBe(1)
})

test('two sets are compared event by event, with the rules that made the difference', async () => {
  const { knowledge, against } = knowledgeOf([LARGE], [HUGE])
  const { difference, against: before } = await runBacktest({ ...optionsOf(recorded(), knowledge), against })
  expect(before?.byAction.block.fraud.events).toBe(0)
  const volume = {
    fraud: { events: 2, amountMinor: 60_000 },
    genuine: { events: 2, amountMinor: 150_000 },
    unknown: { events: 0, amountMinor: 0 },
  }
  expect(difference).toMatchObject({
    changes: [{ from: 'allow', to: 'block', volume }],
    causes: [{ rule: 'large', what: 'acts', volume }],
  })
  expect(difference?.samples[0]).toEqual({ event: 'fraud-large', from: 'allow', to: 'block', truth: 'fraud' })
})

test('a bad message is counted under its code, and the rest goes on', async () => {
  const { knowledge } = knowledgeOf([LARGE])
  const counts = await runBacktest(
    optionsOf(recorded([payment('bad', 0, { currency: 'ZZZ' }), payment('good', 1)]), knowledge),
  )
  expect(counts).toMatchObject({ events: 1, rejected: { CURRENCY_UNKNOWN: 1 } })
})

test('an empty recording has no figures and no error', async () => {
  const { knowledge } = knowledgeOf([LARGE])
  const counts = await runBacktest(optionsOf(fileOf(''), knowledge))
  const report = reportOf(counts, { ...CONTEXT, unlabelled: 'genuine' })
  expect(report).toMatchObject({ events: 0, from: null, set: { precision: null, recall: null } })
  expect(backtestText(report, { width: 80, colour: false })).not.toMatch(/NaN|null|undefined/)
  expect(reportPage(report)).not.toMatch(/NaN|null|undefined/)
})

test('the table fits the terminal', async () => {
  const { knowledge, against } = knowledgeOf([LARGE, SHADOW], [HUGE])
  const counts = await runBacktest({ ...optionsOf(recorded(), knowledge), against })
  const report = reportOf(counts, { ...CONTEXT, unlabelled: 'genuine' })
  for (const width of [80, 120]) {
    const text = backtestText(report, { width, colour: false })
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width)
  }
  expect(backtestText(report, { width: 80, colour: false })).toMatchInlineSnapshot(`
    "recorded.jsonl: 6 events in 1.0 days, 2026-03-02 to 2026-03-02.
    3 of them are fraud, of 700 EUR. 4 events of the recording have a label;
    payments without one count as genuine.

    rules  sha256:9fa72cf3deb8
      decisions         allow 2 · review 0 · challenge 0 · block 4
      fraud stopped     600 EUR saved: 85.7 % of its money, 66.7 % of its events
      wrongly stopped   1,500 EUR: 100.000 % of genuine payments (100.000 % blocked)
      alerts a day      4.0, 50.0 % of them fraud; they cover 66.7 % of fraud

    against  sha256:6acce608fefc
      decisions         allow 6 · review 0 · challenge 0 · block 0
      fraud stopped     0 EUR saved: 0.0 % of its money, 0.0 % of its events
      wrongly stopped   0 EUR: 0.000 % of genuine payments (0.000 % blocked)
      alerts a day      0.0, – of them fraud; they cover 0.0 % of fraud

    rule                  action       fires    a day   prec.  recall  alone
    any-transfer (shadow) block            5      5.0  60.0 % 100.0 %      0
    large                 block            4      4.0  50.0 %  66.7 %      4

    decided differently
      allow → block          fraud 2 (600 EUR), genuine 2 (1,500 EUR)
    because
      large acts: fraud 2 (600 EUR), genuine 2 (1,500 EUR)
    for example fraud-large, genuine-large, fraud-refused
    "
  `)
})

test('the page loads nothing, runs nothing, and shows no markup of the recording', async () => {
  const { knowledge } = knowledgeOf([LARGE])
  const counts = await runBacktest(optionsOf(recorded(), knowledge))
  const page = reportPage(reportOf(counts, { ...CONTEXT, file: '<script>x</script>', unlabelled: 'genuine' }))
  expect(page).not.toMatch(/<script|<link|<img|https?:|url\(|@import/)
  expect(page.match(/<svg/g)).toHaveLength(4)
})

test('the command writes the table, the figures and the page', async () => {
  const rules = folderOf({ 'a.yaml': rulesYaml(LARGE) })
  const against = folderOf({ 'a.yaml': rulesYaml(HUGE) })
  const [json, html] = [join(rules, 'out.json'), join(rules, 'out.html')]
  const files = ['--json', json, '--html', html]
  const { code, stdout } = await runPaysentry([
    'backtest',
    '--from',
    recorded(),
    '--rules',
    rules,
    '--against',
    against,
    ...files,
  ])
  expect(code).toBe(0)
  expect(stdout).toMatch(/allow → block +fraud 2 \(600 EUR\), genuine 2 \(1,500 EUR\)/)
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ events: 6, set: { savedMinor: 60_000 } })
  expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/)
  const missing = await runPaysentry(['backtest', '--from', '/nowhere/at-all', '--rules', rules])
  expect(missing.code).toBe(2)
  expect(missing.stderr).toMatch(/cannot be read; name a file of JSON Lines/)
})
