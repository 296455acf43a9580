import { expect, test } from 'vitest'
import { explainEvent } from '../../../src/backtest/explain.ts'
import { explainText } from '../../../src/cli/explain-text.ts'
import { runPaysentry } from '../../support/processor.ts'
import { folderOf, rulesYaml } from '../rules/support.ts'
import { fileOf, knowledgeOf, labelOf, lineOf, optionsOf, payment } from './support.ts'

const MULE = {
  id: 'mule',
  when: "count(payee, '30d', fraud) >= 1 && amount > 50.0",
  action: 'block',
  reason: 'MULE',
}
const OTHERS = [
  { id: 'quiet', when: 'amount > 1.0', action: 'block', reason: 'QUIET', mode: 'shadow' },
  { id: 'huge', when: "amount > 10000.0 || (type == 'withdrawal' && amount > 10.0)", reason: 'HUGE' },
]
const HISTORY = [payment('first', 0), labelOf('first', 'fraud', 5), payment('second', 6), payment('third', 7)]
const PLAIN = { width: 80, colour: false, all: false, trace: false }

function explain(subject: { message: Buffer } | { id: string }, history: string | null) {
  const { knowledge } = knowledgeOf([MULE, ...OTHERS])
  return explainEvent({ ...optionsOf('', knowledge), subject, history })
}

function messageOf(fields: object = {}): { message: Buffer } {
  return { message: Buffer.from(JSON.stringify(payment('now', 10, fields as Record<string, unknown>))) }
}

test('an event is decided after its history, and the tree shows what made each rule fire', async () => {
  const explained = await explain(messageOf(), fileOf(HISTORY.map(lineOf).join('\n')))
  expect(explained?.decision).toMatchObject({ action: 'block', reasons: [{ rule: 'mule' }] })
  const shown = explainText(explained!, { ...PLAIN, all: true }).replaceAll(/\(\/.*\/a\.yaml/g, '(a.yaml')
  expect(shown.replace(/(rules sha256:)\w+/, '$1…').replace(/rates \S+/, 'rates …')).toMatchInlineSnapshot(`
    "BLOCK       now  2026-03-02T12:10:00.000Z
    because     MULE: A large amount
    in shadow   quiet (block)
    score       none
    versions    rules sha256:…, model none, rates …

    2 of 3 rules fired
      mule fired  (a.yaml:4:11)
        ✓ all of
          ✓ count(payee, '30d', fraud) >= 1   count(payee, '30d', fraud) = 1
          ✓ amount > 50.0   amount = 100
      quiet fired without acting  (a.yaml:9:11)
        ✓ amount > 1.0   amount = 100

      huge did not fire  (a.yaml:15:11)
        ✗ any of
          ✗ amount > 10000.0   amount = 100
          ✗ all of (1 more held)
            ✗ type == 'withdrawal'   type = "transfer"
    "
  `)
})

test('without a history the journals are empty', async () => {
  const explained = await explain(messageOf(), null)
  expect(explained?.decision).toMatchObject({ action: 'allow' })
})

test('an event of the history is explained as it was decided there', async () => {
  const history = fileOf(HISTORY.map(lineOf).join('\n'))
  expect((await explain({ id: 'first' }, history))?.decision).toMatchObject({
    event: 'first',
    action: 'allow',
  })
  expect((await explain({ id: 'second' }, history))?.decision).toMatchObject({
    event: 'second',
    action: 'block',
  })
  expect(await explain({ id: 'nobody' }, history)).toBeNull()
})

test('what would become a dead letter is said in the words of the dead letter', async () => {
  const explained = await explain(messageOf({ currency: 'ERU' }), null)
  expect(explainText(explained!, PLAIN)).toBe(
    'DEAD LETTER CURRENCY_UNKNOWN: currency must be an active ISO 4217 code with a\n            minor unit; found "ERU". Did you mean "EUR"?\n',
  )
})

test('the command reads a file, and its exit code tells a dead letter apart', async () => {
  const dir = folderOf({
    'a.yaml': rulesYaml(MULE),
    'event.json': JSON.stringify(payment('now', 10), null, 2),
    'bad.json': '{"id":',
  })
  const run = (...args: string[]) => runPaysentry(['rules', 'explain', '--dir', dir, ...args])
  const [good, bad, json, neither, missing] = await Promise.all([
    run(`${dir}/event.json`, '--all'),
    run(`${dir}/bad.json`),
    run(`${dir}/event.json`, '--json'),
    run(),
    run('--id', 'nobody', '--history', fileOf(lineOf(payment('first', 0)))),
  ])
  expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ALLOW +now .*mule did not fire/s) })
  expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(/^DEAD LETTER MESSAGE_NOT_JSON: /) })
  expect(JSON.parse(json.stdout)).toMatchObject({ decision: { event: 'now' }, traces: [{ rule: 'mule' }] })
  expect(neither).toMatchObject({ code: 2, stderr: expect.stringMatching(/name a file with the event, or/) })
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no event nobody/) })
})
