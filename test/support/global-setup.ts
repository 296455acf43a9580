// One Kafka broker for all projects of a run that need one. Vitest runs this for each such project that has files to run,
// so a run of the pure projects starts nothing.
import type { TestProject } from 'vitest/node'
import { startKafka, type TestKafka } from './kafka.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Bootstrap brokers, `host:port`. */
    kafkaBrokers: string[]
  }
}

// Each project loads this module for itself; what they share can only hang on the process.
const SHARED = Symbol.for('paysentry.test.kafka')
const shared: typeof globalThis & { [SHARED]?: Promise<TestKafka> } = globalThis

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const starting = (shared[SHARED] ??= startKafka())
  const kafka = await starting
  project.provide('kafkaBrokers', kafka.brokers)
  return async () => {
    if (shared[SHARED] !== starting) return
    delete shared[SHARED]
    await kafka.stop()
  }
}
