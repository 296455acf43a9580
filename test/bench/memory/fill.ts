// The process that `npm run bench -- memory` measures.
import { topicNames } from '../../../src/log/topics.ts'
import { encodeRecord } from '../../../src/simulator/encode.ts'
import { createSimulator } from '../../../src/simulator/simulator.ts'
import { startEmbedded } from '../../support/embedded.ts'

const EVENTS = 1_000_000
const CHUNK = 1_000
const SHOWN_EVERY = 100_000
const LIMIT_BYTES = 700_000_000
const SAMPLE_EVERY_MS = 50

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
const topics = topicNames('')
const simulator = createSimulator({ seed: 1, startMs: Date.UTC(2026, 0, 1) })
const all = Promise.withResolvers<void>()
let done = 0
let sent = 0
let peak = 0
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
  if (sent % SHOWN_EVERY === 0) console.log(`${sent} records, resident set at most ${megabytes(peak)}`)
}
await all.promise
const seconds = (performance.now() - startedAt) / 1_000
const { user, system } = process.cpuUsage()
clearInterval(sampling)
await app.stop()
console.log(
  `${sent} records in ${seconds.toFixed(1)} s, ${((user + system) / sent).toFixed(1)} µs of CPU each, simulator included`,
)
console.log(`resident set at most ${megabytes(peak)}`)
if (peak > LIMIT_BYTES) {
  console.error(`more than ${megabytes(LIMIT_BYTES)}`)
  process.exit(1)
}
process.exit(0)
