// `paysentry train --from`: what `simulate --to FILE` and `import` write can be trained on, unattended.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { simulateCommand } from '../../../src/cli/simulate.ts'
import { trainCommand } from '../../../src/cli/train.ts'
import { loadScorer } from '../../../src/model/load-scorer.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'
import { commandTest } from '../../support/command-test.ts'

const at = commandTest('train', ['stderr'])

const FEATURES = `features:
  - { id: amount, group: amount, odd: high, transform: log, cel: amount, description: Amount }
  - { id: count_1h, group: burst, odd: high, transform: log, cel: "count(card, '1h')", description: Payments in an hour }
  - { id: declined_1d, group: burst, odd: high, transform: log, cel: "count(card, '1d', declined)", description: Declined in a day }
`
const run = (command: ReturnType<typeof trainCommand>, ...args: string[]) =>
  command.exitOverride().parseAsync(['node', 'paysentry', ...args])
const train = (...args: string[]) =>
  run(
    trainCommand(),
    '--features',
    join(at.folder, 'features.yaml'),
    '--out',
    at.folder,
    '--no-current',
    ...args,
  )

it('trains both heads on a file of events and labels, the same to the bit each time, and the model loads', async () => {
  const file = join(at.folder, 'traffic.jsonl')
  writeFileSync(join(at.folder, 'features.yaml'), FEATURES)
  const traffic = ['--events', '12000', '--customers', '300', '--fraud-share', '0.1']
  await run(simulateCommand(), '--to', file, ...traffic)
  for (const name of ['a', 'b']) await train('--from', file, '--name', name, '--epochs', '2')
  const [first, again] = ['a', 'b'].map((name) => readFileSync(join(at.folder, name, 'supervised.bin')))
  expect(again?.equals(first ?? Buffer.alloc(0))).toBe(true)
  const manifest: unknown = JSON.parse(readFileSync(join(at.folder, 'a', 'manifest.json'), 'utf8'))
  expect(manifest).toMatchObject({ training: { events: 12_000, source: 'traffic.jsonl' } })
  const scorer = await loadScorer({
    dir: at.folder,
    version: 'a',
    windows: createWindowSet(),
    explainAbove: 0.9,
    horizons: HORIZONS,
  })
  expect(scorer.version).toMatch(/^a@/)
  scorer.close()
  expect(at.said).toContain('Average precision')
})

it('names the line of a file that is no record, and says what writes such files', async () => {
  const file = join(at.folder, 'wrong.jsonl')
  writeFileSync(join(at.folder, 'features.yaml'), FEATURES)
  writeFileSync(file, '{"id": "an event without its topic"}\n')
  await expect(train('--from', file)).rejects.toThrow(/wrong\.jsonl:1 is no record.*paysentry import/)
})

it('asks what to train on when it is told nothing or both', async () => {
  writeFileSync(join(at.folder, 'features.yaml'), FEATURES)
  await expect(train()).rejects.toThrow('give either --simulate or --from FILE')
  await expect(train('--simulate', '--from', 'x')).rejects.toThrow('give either --simulate or --from FILE')
})
