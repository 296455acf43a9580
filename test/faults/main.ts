// `npm run test:faults -- [--seed N] [--schedules 200] [--faults 3] [--events 1500]`: plays schedules against real Kafka and Redis
// processes and says how many faults of each kind were survived. A failing seed is named, and can be played again alone.
import { parseArgs } from 'node:util'
import { startKafka } from '../support/kafka.ts'
import { play, type Verdict } from './play.ts'
import { CRASH_POINTS, FAULT_KINDS, scheduleOf } from './schedule.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    schedules: { type: 'string', default: '200' },
    faults: { type: 'string', default: '3' },
    events: { type: 'string', default: '1500' },
  },
})
const first = Number(values.seed ?? 1)
const count = values.seed === undefined ? Number(values.schedules) : 1
const survived = new Map<string, number>()
const failed: number[] = []
const kafka = await startKafka()
try {
  for (let seed = first; seed < first + count; seed++) {
    const schedule = scheduleOf(seed, Number(values.faults))
    const kinds = schedule.faults.map(({ kind, crashAfter }) =>
      kind === 'crash' ? `crash after ${crashAfter}` : kind,
    )
    const startedAt = performance.now()
    const { problems, events } = await play(kafka.brokers, schedule, Number(values.events)).catch(broken)
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    console.log(
      `seed ${seed}: ${schedule.delivery}, ${kinds.join(', ')}: ` +
        `${events} events, ${problems.length === 0 ? 'all as promised' : 'FAILED'} (${seconds} s)`,
    )
    for (const problem of problems.slice(0, 5)) console.log(`  ${problem}`)
    if (problems.length > 0) failed.push(seed)
    else for (const kind of kinds) survived.set(kind, (survived.get(kind) ?? 0) + 1)
  }
} finally {
  await kafka.stop()
}

function broken(error: unknown): Verdict {
  return { problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)], events: 0 }
}

const everyKind = [
  ...CRASH_POINTS.map((stage) => `crash after ${stage}`),
  ...FAULT_KINDS.filter((kind) => kind !== 'crash'),
]
console.log(`\nSurvived: ${everyKind.map((kind) => `${kind} ${survived.get(kind) ?? 0}`).join(' · ')}`)
if (failed.length > 0) console.log(`Failed seeds (npm run test:faults -- --seed N): ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
