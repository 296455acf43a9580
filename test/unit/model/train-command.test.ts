// `paysentry train --from`: what `simulate --to FILE` and `import` write can be trained on, unattended.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { simulateCommand } from '../../../src/cli/simulate.ts'
import { trainCommand } from '../../../src/cli/train.ts'
import { loadScorer } from '../../../src/model/load-scorer.ts'
import { manifestSchema } from '../../../src/model/manifest.ts'
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

it('trains both heads on a file of events and labels; the command in its manifest makes it again to the bit, and the model loads', async () => {
  const file = join(at.folder, 'traffic.jsonl')
  writeFileSync(join(at.folder, 'features.yaml'), FEATURES)
  const traffic = ['--events', '12000', '--customers', '300', '--fraud-share', '0.1']
  await run(simulateCommand(), '--to', file, ...traffic)
  await train('--from', file, '--epochs', '2')
  const version = 'traffic-1'
  // Said before the long work.
  expect(at.said.indexOf(`${version} will be written to`)).toBeLessThan(at.said.indexOf(' payments, '))
  const filesOf = (folder: string) =>
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')])
  const first = filesOf(join(at.folder, version))
  const manifest = manifestSchema.parse(
    JSON.parse(readFileSync(join(at.folder, version, 'manifest.json'), 'utf8')),
  )
  expect(manifest).toMatchObject({ version, training: { events: 12_000, source: 'traffic.jsonl' } })

  const told = manifest.training.command.replace('paysentry train ', '').replace('traffic.jsonl', file)
  const again = told.split(' ')
  // The file need not even be there.
  await expect(train(...again.with(1, 'gone.jsonl'))).rejects.toThrow(/traffic-1 is there already.*--force/)
  writeFileSync(join(at.folder, version, 'supervised.bin'), 'harmed')
  await train(...again, '--force')
  expect(filesOf(join(at.folder, version))).toEqual(first)
  const scorer = await loadScorer({
    dir: at.folder,
    version,
    windows: createWindowSet(),
    explainAbove: 0.9,
    horizons: HORIZONS,
  })
  expect(scorer.version).toMatch(/^traffic-1@/)
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
