// How many records a second the simulator makes, in one process.
import { createEncoder } from '../../src/simulator/encode.ts'
import type { OutputRecord } from '../../src/log/event-log.ts'
import { topicNames } from '../../src/log/topics.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'

const RECORDS = 1_000_000
/** A million records must be made and encoded within this. */
const MAX_SECONDS = 60
const START_MS = Date.UTC(2026, 0, 5)

/** Prints the rate of making a million records, of making and encoding them, and the CPU and memory that they took. Throws when encoded ones take more than a minute. */
export async function run(): Promise<void> {
  const bare = createSimulator({ seed: 1, startMs: START_MS })
  measure('simulator, records', () => void bare.next())
  const simulator = createSimulator({ seed: 1, startMs: START_MS })
  const encode = createEncoder({ topics: topicNames('') })
  const messages: OutputRecord[] = []
  const seconds = measure('simulator, records encoded', () => {
    encode(simulator.next(), messages)
    if (messages.length === 1_000) messages.length = 0
  })
  if (seconds > MAX_SECONDS)
    throw new Error(`${RECORDS} records took ${seconds.toFixed(1)} s, more than ${MAX_SECONDS} s`)
}

function measure(name: string, once: () => void): number {
  const cpu = process.cpuUsage()
  const startedAtMs = performance.now()
  for (let i = 0; i < RECORDS; i++) once()
  const seconds = (performance.now() - startedAtMs) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const megabytes = process.memoryUsage.rss() / 1_048_576
  const figures = [
    `${Math.round(RECORDS / seconds)} /s`,
    `${(seconds * (1_000_000 / RECORDS)).toFixed(2)} µs each`,
    `${((user + system) / RECORDS).toFixed(2)} µs CPU`,
    `${Math.round(megabytes)} MiB resident`,
  ]
  console.log(`${name.padEnd(28)} ${figures.join(' · ')}`)
  return seconds
}
