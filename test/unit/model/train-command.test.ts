// `paysentry train --from`: what `simulate --to FILE` and `import` write can be trained on, unattended.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { simulateCommand } from '../../../src/cli/simulate.ts'
import { trainCommand } from '../../../src/cli/train.ts'
import { loadScorer } from '../../../src/model/load-scorer.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'

let folder = ''
let said = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paysentry-train-'))
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const FEATURES = `features:
  - { id: amount, group: amount, odd: high, transform: log, cel: amount, description: Amount }
  - { id: count_1h, group: burst, odd: high, transform: log, cel: "count(card, '1h')", description: Payments in an hour }
  - { id: declined_1d, group: burst, odd: high, transform: log, cel: "count(card, '1d', declined)", description: Declined in a day }
`
const run = (command: ReturnType<typeof trainCommand>, ...args: string[]) =>
  command.exitOverride().parseAsync(['node', 'paysentry', ...args])
const train = (...args: string[]) =>
  run(trainCommand(), '--features', join(folder, 'features.yaml'), '--out', folder, '--no-current', ...args)

it('trains both heads on a file of events and labels, the same to the bit each time, and the model loads', async () => {
  const file = join(folder, 'traffic.jsonl')
  writeFileSync(join(folder, 'features.yaml'), FEATURES)
  const traffic = ['--events', '12000', '--customers', '300', '--fraud-share', '0.1']
  await run(simulateCommand(), '--to', file, ...traffic)
  for (const name of ['a', 'b']) await train('--from', file, '--name', name, '--epochs', '2')
  const [first, again] = ['a', 'b'].map((name) => readFileSync(join(folder, name, 'supervised.bin')))
  expect(again?.equals(first ?? Buffer.alloc(0))).toBe(true)
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'a', 'manifest.json'), 'utf8'))
  expect(manifest).toMatchObject({ training: { events: 12_000, source: 'traffic.jsonl' } })
  const scorer = await loadScorer({
    dir: folder,
    version: 'a',
    windows: createWindowSet(),
    explainAbove: 0.9,
    horizons: HORIZONS,
  })
  expect(scorer.version).toMatch(/^a@/)
  scorer.close()
  expect(said).toContain('Average precision')
})

it('names the line of a file that is no record, and says what writes such files', async () => {
  const file = join(folder, 'wrong.jsonl')
  writeFileSync(join(folder, 'features.yaml'), FEATURES)
  writeFileSync(file, '{"id": "an event without its topic"}\n')
  await expect(train('--from', file)).rejects.toThrow(/wrong\.jsonl:1 is no record.*paysentry import/)
})

it('asks what to train on when it is told nothing or both', async () => {
  writeFileSync(join(folder, 'features.yaml'), FEATURES)
  await expect(train()).rejects.toThrow('give either --simulate or --from FILE')
  await expect(train('--simulate', '--from', 'x')).rejects.toThrow('give either --simulate or --from FILE')
})
