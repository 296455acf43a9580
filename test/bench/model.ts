// What the model costs a payment, in CPU time: reading its features, scaling them, predicting and explaining, at batch 64, and
// the whole at other batch sizes. Fails when a payment takes more than 15 µs at batch 64, or explaining one more than 1 ms.
// Figures are those of the cheapest round. `node test/bench/model.ts` runs it alone, on the model that is current.
import { readFileSync } from 'node:fs'
import type { BatchEvent } from '../../src/batch.ts'
import { compileFeatures } from '../../src/model/features.ts'
import { loadScorer } from '../../src/model/load-scorer.ts'
import { currentVersion } from '../../src/model/read-model.ts'
import { manifestSchema } from '../../src/model/manifest.ts'
import { createHeads } from '../../src/model/heads.ts'
import { RARITY_FILES, SUPERVISED_FILES, type NetNames } from '../../src/model/model-files.ts'
import { restoreNetwork } from '../../src/model/network.ts'
import { createWindowSet, type WindowSet } from '../../src/velocity/window.ts'
import { HORIZONS } from '../support/horizons.ts'
import { simulatedPayments } from '../unit/model/simulated-payments.ts'

const DIR = 'models'
const EXPLAIN_ABOVE = 0.9
const START_MS = Date.UTC(2026, 0, 5)
/** Payments to measure with, from the end of the simulated traffic, so that journals hold something. */
const PAYMENTS = 2_048
const EVENTS = 40_000
const CUSTOMERS = 2_000
const BATCH_EVENTS = 64
/** At batch 64, without explanations. */
const MOST_SCORED_MICROS = 15
const MOST_EXPLAINED_MICROS = 1_000
const SIZES = [1, 7, 64, 256] as const
const WARM_ROUNDS = 1
const MEASURED_ROUNDS = 6

export async function run(): Promise<void> {
  const windows = createWindowSet()
  const options = { dir: DIR, version: 'current', windows, horizons: HORIZONS }
  const scorer = await loadScorer({ ...options, explainAbove: EXPLAIN_ABOVE })
  const simulated = await simulatedPayments({
    windows,
    seed: 1,
    startMs: START_MS,
    customers: CUSTOMERS,
    events: EVENTS,
    batchRecords: () => 256,
  })
  const events = simulated.slice(-PAYMENTS)
  console.log(`model ${scorer.version}, ${windows.specs.length} windows`)
  for (const size of SIZES) {
    measure(`score, batches of ${size}`, events, size, (batch) => scorer.score(batch))
  }
  scorer.close()
  const unexplained = await loadScorer({ ...options, explainAbove: 2 })
  const scored = measure(
    `  without explanations, batches of ${BATCH_EVENTS}`,
    events,
    BATCH_EVENTS,
    (batch) => unexplained.score(batch),
  )
  unexplained.close()
  const explained = await measureParts(events, windows)
  judge(`features, scaling and prediction at batch ${BATCH_EVENTS}`, scored, MOST_SCORED_MICROS)
  judge('attribution of one payment', explained, MOST_EXPLAINED_MICROS)
}

/** Throws when more was taken than the bar allows. */
function judge(what: string, micros: number, most: number): void {
  const sentence = `${what}: ${micros.toFixed(1)} µs CPU, at most ${most} µs`
  if (micros > most) throw new Error(`${sentence}: missed`)
  console.log(`${sentence}: met`)
}

/** The same steps as the scorer's, one by one. */
async function measureParts(events: readonly BatchEvent[], windows: WindowSet): Promise<number> {
  const folder = `${DIR}/${currentVersion(DIR)}`
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')))
  const { features } = manifest
  const net = ({ topology, weights }: NetNames) =>
    restoreNetwork({
      topology: readFileSync(`${folder}/${topology}`, 'utf8'),
      weights: readFileSync(`${folder}/${weights}`),
    })
  const rarity = await net(RARITY_FILES)
  const supervised = manifest.supervised === null ? null : await net(SUPERVISED_FILES)
  const heads = createHeads(manifest, { rarity, supervised })
  const read = compileFeatures(features, { windows, horizons: HORIZONS }, [])
  const values = new Float64Array(BATCH_EVENTS * features.length)
  const parts = new Float64Array(features.length)
  const part = (name: string, work: (batch: readonly BatchEvent[]) => unknown) =>
    measure(`  of which ${name}`, events, BATCH_EVENTS, work)
  part(`reading ${features.length} features`, (batch) => {
    for (const [i, event] of batch.entries()) read(event, values, i * features.length)
  })
  part('scaling, coding and predicting', () => heads.score(values, BATCH_EVENTS))
  const explained = measure('explaining one payment', events, BATCH_EVENTS, () => {
    for (let row = 0; row < BATCH_EVENTS; row++) heads.explain(row, parts)
  })
  heads.close()
  return explained
}

function measure(
  name: string,
  events: readonly BatchEvent[],
  size: number,
  work: (batch: readonly BatchEvent[]) => unknown,
): number {
  const batches = Array.from({ length: Math.floor(events.length / size) }, (_, i) =>
    events.slice(i * size, (i + 1) * size),
  )
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < WARM_ROUNDS + MEASURED_ROUNDS; round++) {
    const before = process.cpuUsage()
    for (const batch of batches) work(batch)
    const { user, system } = process.cpuUsage(before)
    // What runs beside it makes a round dearer, never cheaper.
    if (round >= WARM_ROUNDS) least = Math.min(least, (user + system) / (batches.length * size))
  }
  console.log(`${name.padEnd(46)} ${least.toFixed(2)} µs CPU a payment`)
  return least
}

if (import.meta.main) await run()
