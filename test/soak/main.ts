// `npm run test:soak -- [--minutes 20] [--delivery exactly-once] [--seed 1] [--report FILE]`: measures saturation, then runs at half of
// it under faults; prints a table, writes a page with plots (FILE.html) and everything that was measured (FILE.json).
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { startServers } from '../faults/servers.ts'
import { slowest, soakPage } from './page.ts'
import { soak } from './soak.ts'
import { memoryOf, percent, problemsOf, type Soaked } from './verdict.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    delivery: { type: 'string', default: 'exactly-once' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string', default: 'soak' },
  },
})
hideTimerWarning(process)
const minutes = Number(values.minutes)
const delivery = values.delivery === 'at-least-once' ? 'at-least-once' : 'exactly-once'
// Millions of events need more than a Redis to begin with has.
const servers = await startServers(['--maxmemory', '8gb'])
let soaked: Soaked
try {
  soaked = await soak(servers, {
    delivery,
    minutes,
    seed: Number(values.seed),
    say: (line) => console.log(line),
  })
} finally {
  await servers.stop()
}
const { samples, faults, outcome, saturation, rate, decided } = soaked
const problems = problemsOf(soaked)
const memory = memoryOf(samples)
const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(0)
console.log(`
| what | measured |
|---|---|
| saturation, two processors | ${saturation.before.toFixed(0)} records a second, ${saturation.after.toFixed(0)} after the soak |
| rate of the soak | ${rate} records a second, ${minutes} minutes, ${delivery} |
| messages | ${outcome.published} |
| rejected, one in 500 on purpose | ${outcome.rejected} |
| without a decision or dead letter | ${outcome.undecided} |
| decided more than once | ${outcome.repeated} |
| without whole journals, by the processor that is never killed | ${decided.withoutJournals} of ${decided.decisions} (${percent(decided.withoutJournals / decided.decisions)}) |
| faults | ${faults.length} |
| slowest return of the lag after a fault was put right | ${slowest(faults)} |
| memory after the warm-up, mean | ${mib(memory.meanBytes)} MiB |
| growth of memory over the measured time | ${percent(memory.growthShare)} (${mib(memory.slope)} MiB an hour) |
`)
writeFileSync(`${values.report}.html`, soakPage(soaked, `Soak of ${minutes} minutes, ${delivery}`))
writeFileSync(`${values.report}.json`, `${JSON.stringify({ minutes, delivery, problems, ...soaked })}\n`)
console.log(problems.length === 0 ? 'Everything is as it must be.' : problems.join('\n'))
process.exit(problems.length === 0 ? 0 : 1)
