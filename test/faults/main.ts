// `npm run test:faults -- [--seed N] [--schedules 200] [--from 1] [--faults 3] [--events 600] [--lanes 3] [--json FILE]`: plays
// schedules against real Kafka and Redis processes and says how many faults of each kind were survived, and at which point of the
// data path. A failing seed is named, and can be played again alone.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { play } from './play.ts'
import { nameOf, scheduleOf } from './schedule.ts'
import { startServers } from './servers.ts'
import { type Played, survivalTable } from './survival.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    schedules: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    faults: { type: 'string', default: '3' },
    events: { type: 'string', default: '600' },
    lanes: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})
const count = values.seed === undefined ? Number(values.schedules) : 1
const first = Number(values.seed ?? values.from)
const played: Played[] = []
let next = first
hideTimerWarning(process)
// Broken off, it finishes the schedules in hand and tells of all that were played.
const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort()).once('SIGTERM', () => stopping.abort())
const startedAt = performance.now()
// Each lane has servers of its own, so that a broker that is killed is missed by one schedule alone.
await Promise.all(Array.from({ length: Math.min(count, Number(values.lanes)) }, lane))

async function lane(): Promise<void> {
  const servers = await startServers()
  try {
    while (next < first + count && !stopping.signal.aborted) played.push(await playSeed(servers, next++))
  } finally {
    await servers.stop()
  }
}

async function playSeed(servers: Parameters<typeof play>[0], seed: number): Promise<Played> {
  const schedule = scheduleOf(seed, Number(values.faults))
  const begunAt = performance.now()
  const { problems, events } = await play(servers, schedule, Number(values.events)).catch(
    (error: unknown) => ({
      problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
      events: 0,
    }),
  )
  const seconds = (performance.now() - begunAt) / 1_000
  const outcome = problems.length === 0 ? 'all as promised' : 'FAILED'
  const faults = schedule.faults.map(nameOf).join(', ')
  console.log(`seed ${seed}: ${schedule.delivery}, ${faults}: ${outcome} (${seconds.toFixed(1)} s)`)
  for (const problem of problems.slice(0, 20)) console.log(`  ${problem}`)
  return { ...schedule, problems, events, seconds }
}

const failed = played.filter(({ problems }) => problems.length > 0).map(({ seed }) => seed)
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
console.log(`\n${survivalTable(played)}`)
console.log(
  `\n${played.length} schedules from seed ${first}, ${played.length - failed.length} as promised, ${minutes} minutes`,
)
if (failed.length > 0) console.log(`Failed seeds (npm run test:faults -- --seed N): ${failed.join(', ')}`)
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ minutes: Number(minutes), failed, played }, null, 2)}\n`)
}
process.exit(failed.length === 0 ? 0 : 1)
