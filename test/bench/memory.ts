// 1,000,000 simulated events through the whole pipeline in this process: what memory it takes at most, and how fast it goes.
// Fails when the resident set passes 700 MB.
import { limitHeapGrowth } from '../../src/cli/heap-growth.ts'
import { topicNames } from '../../src/log/topics.ts'
import { encodeRecord } from '../../src/simulator/encode.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { startEmbedded } from '../support/embedded.ts'

const EVENTS = 1_000_000
const CHUNK = 1_000
const LIMIT_BYTES = 700_000_000
const SAMPLE_EVERY_MS = 50

export async function run(): Promise<void> {
  limitHeapGrowth()
  const topics = topicNames('')
  const simulator = createSimulator({ seed: 1, startMs: Date.UTC(2026, 0, 1) })
  let done = 0
  let sent = 0
  let peak = 0
  const all = Promise.withResolvers<void>()
  const app = await startEmbedded({
    onCompleted(batch) {
      done += batch.source.records.length
      if (sent >= EVENTS && done >= sent) all.resolve()
    },
  })
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, SAMPLE_EVERY_MS)
  const startedAt = performance.now()
  while (sent < EVENTS) {
    const records = Array.from({ length: CHUNK }, () => encodeRecord(simulator.next(), topics))
    sent += records.length
    await app.log.produce(records)
  }
  await all.promise
  const seconds = (performance.now() - startedAt) / 1_000
  clearInterval(sampling)
  await app.stop()
  console.log(
    `${sent} records in ${seconds.toFixed(1)} s (${Math.round(sent / seconds)} a second, simulator included)`,
  )
  console.log(`resident set at most ${Math.round(peak / 1e6)} MB`)
  if (peak > LIMIT_BYTES) throw new Error(`more than ${LIMIT_BYTES / 1e6} MB`)
}
