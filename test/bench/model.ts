// What the model costs a payment, in CPU time: reading its features, scaling them, predicting and explaining, at batch 64, and
// the whole at other batch sizes. `node test/bench/model.ts` runs it alone, on the model that is current.
import { readFileSync } from 'node:fs'
import type { BatchEvent } from '../../src/batch.ts'
import { compileFeatures } from '../../src/model/features.ts'
import { currentVersion, loadScorer } from '../../src/model/load-scorer.ts'
import { manifestSchema } from '../../src/model/manifest.ts'
import { predict, restoreNetwork } from '../../src/model/network.ts'
import { createRawScore, encodeRow, inputWidth } from '../../src/model/reconstruction.ts'
import { createWindowSet, type WindowSet } from '../../src/velocity/window.ts'
import { simulatedPayments } from '../unit/model/simulated-payments.ts'
import { HORIZONS } from '../support/horizons.ts'

const DIR = 'models'
const EXPLAIN_ABOVE = 0.9
const START_MS = Date.UTC(2026, 0, 5)
/** Payments to measure with, from the end of the simulated traffic, so that journals hold something. */
const PAYMENTS = 4_096
const EVENTS = 40_000
const CUSTOMERS = 2_000
const BATCH_EVENTS = 64
const SIZES = [1, 7, 64, 256] as const
const WARM_ROUNDS = 3
const MEASURED_ROUNDS = 10

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
  measure(`  without explanations, batches of ${BATCH_EVENTS}`, events, BATCH_EVENTS, (batch) =>
    unexplained.score(batch),
  )
  unexplained.close()
  await measureParts(events, windows)
}

/** The same steps as the scorer's, one by one. */
async function measureParts(events: readonly BatchEvent[], windows: WindowSet): Promise<void> {
  const folder = `${DIR}/${currentVersion(DIR)}`
  const { features } = manifestSchema.parse(JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8')))
  const net = await restoreNetwork({
    topology: readFileSync(`${folder}/model.json`, 'utf8'),
    weights: readFileSync(`${folder}/weights.bin`),
  })
  const read = compileFeatures(features, { windows, horizons: HORIZONS }, [])
  const rawScore = createRawScore(features)
  const width = inputWidth(features)
  const values = new Float64Array(BATCH_EVENTS * features.length)
  const input = new Float32Array(BATCH_EVENTS * width)
  const parts = new Float64Array(features.length)
  let output: Float32Array = input
  const part = (name: string, work: (batch: readonly BatchEvent[]) => unknown) =>
    measure(`  of which ${name}`, events, BATCH_EVENTS, work)
  part(`reading ${features.length} features`, (batch) => {
    for (const [i, event] of batch.entries()) read(event, values, i * features.length)
  })
  part('scaling', () => {
    for (let i = 0; i < BATCH_EVENTS; i++) encodeRow(features, values, i * features.length, input, i * width)
  })
  part('predicting', () => {
    output = predict(net, input, BATCH_EVENTS)
  })
  part('raw scores', () => {
    for (let i = 0; i < BATCH_EVENTS; i++)
      rawScore(values, i * features.length, input, output, i * width, parts)
  })
  net.dispose()
}

function measure(
  name: string,
  events: readonly BatchEvent[],
  size: number,
  work: (batch: readonly BatchEvent[]) => unknown,
): void {
  const batches = Array.from({ length: Math.floor(events.length / size) }, (_, i) =>
    events.slice(i * size, (i + 1) * size),
  )
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) for (const batch of batches) work(batch)
  }
  rounds(WARM_ROUNDS)
  const before = process.cpuUsage()
  rounds(MEASURED_ROUNDS)
  const { user, system } = process.cpuUsage(before)
  const cpu = (user + system) / (MEASURED_ROUNDS * batches.length * size)
  console.log(`${name.padEnd(46)} ${cpu.toFixed(2)} µs CPU a payment`)
}

if (import.meta.main) await run()
