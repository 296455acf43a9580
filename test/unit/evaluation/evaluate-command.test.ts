// `paysentry evaluate`, unattended: a table, JSON and a page, the same each time; and a model that exists, as it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { evaluateCommand } from '../../../src/cli/evaluate.ts'
import { evaluationText } from '../../../src/cli/evaluation-text.ts'
import { simulateCommand } from '../../../src/cli/simulate.ts'
import { trainCommand } from '../../../src/cli/train.ts'
import type { EvaluationReport } from '../../../src/evaluation/report.ts'
import { commandTest } from '../../support/command-test.ts'

const at = commandTest('evaluate', ['stdout', 'stderr'])

const FEATURES = `features:
  - { id: amount, group: amount, odd: high, transform: log, cel: amount, description: Amount }
  - { id: count_1h, group: burst, odd: high, transform: log, cel: "count(card, '1h')", description: Payments in an hour }
  - { id: merchants_1d, group: day, odd: high, transform: log, cel: "distinct(card, merchant, '1d')", description: Merchants in a day }
  - { id: declined_1d, group: declines, odd: high, transform: log, cel: "count(card, '1d', declined)", description: Declined in a day }
`
const call = (command: ReturnType<typeof evaluateCommand>, ...args: string[]) =>
  command.exitOverride().parseAsync(['node', 'paysentry', ...args])

async function evaluated(
  name: string,
  ...args: string[]
): Promise<{ report: EvaluationReport; html: string }> {
  const [json, html] = [join(at.folder, `${name}.json`), join(at.folder, `${name}.html`)]
  await call(evaluateCommand(), '--resamples', '20', '--epochs', '2', '--json', json, '--html', html, ...args)
  return {
    report: JSON.parse(readFileSync(json, 'utf8')) as EvaluationReport,
    html: readFileSync(html, 'utf8'),
  }
}

it('judges heads beside baselines and by campaign on simulated traffic, and a trained model as it is', async () => {
  const features = join(at.folder, 'features.yaml')
  writeFileSync(features, FEATURES)
  const traffic = ['--simulate', '--events', '16000', '--customers', '250']
  const { report, html } = await evaluated('fitted', ...traffic, '--features', features)
  const ids = report.scores.map(({ id }) => id)
  for (const id of ['model', 'rarity', 'amount', 'max_z', 'mahalanobis']) expect(ids).toContain(id)
  expect(report.judged.frauds).toBeGreaterThan(5)
  expect(report.campaigns.reduce((sum, { frauds }) => sum + frauds, 0)).toBe(report.judged.frauds)
  expect(report.days.reduce((sum, { payments }) => sum + payments, 0)).toBe(report.judged.payments)
  for (const { auc, averagePrecision, recallAt1, campaigns, days } of report.scores) {
    for (const { value, low, high } of [auc, averagePrecision, recallAt1]) {
      expect(low).toBeLessThanOrEqual(high)
      expect([value, low, high].every((figure) => figure >= 0 && figure <= 1)).toBe(true)
    }
    expect(campaigns).toHaveLength(report.campaigns.length)
    expect(days).toHaveLength(report.days.length)
  }
  expect(report.warnings.join()).toContain('prove nothing about real traffic')
  const lines = evaluationText(report, { width: 80, colour: false }).split('\n')
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  expect(lines.join('\n')).toContain(report.campaigns[0]?.name)
  expect(html.match(/<svg viewBox="0 0 760/g)).toHaveLength(5)
  expect(html).not.toMatch(/NaN|undefined|https?:|<script/)

  await call(
    trainCommand(),
    ...traffic,
    '--features',
    features,
    '--epochs',
    '2',
    '--out',
    at.folder,
    '--no-current',
    '--name',
    'v1',
  )
  const frozen = await evaluated('frozen', ...traffic, '--model', join(at.folder, 'v1'))
  expect(frozen.report.model).toMatch(/^v1@/)
  expect(frozen.report.warnings.join()).toContain('trained on this very traffic')
  // Baselines do not ask which model is judged.
  const amount = (of: EvaluationReport) => of.scores.find(({ id }) => id === 'amount')?.auc
  expect(amount(frozen.report)).toEqual(amount(report))
}, 120_000)

it('evaluates a file of events and labels, the same to the byte each time', async () => {
  const file = join(at.folder, 'traffic.jsonl')
  const features = join(at.folder, 'features.yaml')
  writeFileSync(features, FEATURES)
  await call(
    simulateCommand(),
    '--to',
    file,
    '--events',
    '12000',
    '--customers',
    '200',
    '--fraud-share',
    // More would find no victims any more at the end, which is what is judged.
    '0.05',
  )
  const args = ['--from', file, '--features', features, '--every', '2']
  const [first, again] = [await evaluated('a', ...args), await evaluated('b', ...args)]
  expect(again.report).toEqual(first.report)
  expect(again.html).toBe(first.html)
  expect(first.report.source).toBe('traffic.jsonl')
  expect(first.report.campaigns).toEqual([])
  expect(first.report.fits.length).toBeGreaterThan(1)
  expect(first.report.scores.map(({ id }) => id)).toContain('supervised')
}, 120_000)

it('says what is missing when there is nothing to judge or nothing to fit to', async () => {
  const features = join(at.folder, 'features.yaml')
  writeFileSync(features, FEATURES)
  const traffic = ['--simulate', '--events', '3000', '--customers', '100', '--features', features]
  await expect(evaluated('x', ...traffic, '--since', '2030-01-01T00:00:00Z')).rejects.toThrow(
    /none of \d+ payments is from 2030-01-01T00:00:00.000Z on/,
  )
  await expect(evaluated('x', ...traffic)).rejects.toThrow(/too few to fit to; play more events/)
  await expect(evaluated('x', '--features', features)).rejects.toThrow(
    'give either --simulate or --from FILE',
  )
})
