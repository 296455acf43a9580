// What must hold after a schedule, whatever happened in it. Each finding is a sentence; none is the goal.
import type { LogRecord } from '../../src/log/event-log.ts'
import { HEADERS } from '../../src/log/topics.ts'
import { recount } from '../e2e/recount.ts'
import type { Traffic } from '../e2e/traffic.ts'
import { collect, textOf } from '../support/collector.ts'
import type { Schedule } from './schedule.ts'
import type { Deployment } from './deployment.ts'

const SENTINELS = 200
const SENTINEL = 'sentinel'

export async function check(deployment: Deployment, schedule: Schedule, traffic: Traffic): Promise<string[]> {
  const { decisions, deadLetters } = await published(deployment)
  const problems: string[] = []
  const byEvent = Map.groupBy(decisions, (record) => String(JSON.parse(textOf(record)).event))
  const wanted = await recount(deployment.config, deployment.topics, traffic.events)
  for (const id of traffic.eventIds) {
    const records = byEvent.get(id) ?? []
    if (records.length === 0) problems.push(`${id} was not decided`)
    if (records.length > 1 && schedule.delivery === 'exactly-once') {
      problems.push(`${id} was decided ${records.length} times, by ${records.map(maker).join(', ')}`)
    }
    const wrong = records.filter((record) => textOf(record) !== wanted.decisions.get(id))
    const [first] = wrong
    if (first !== undefined) {
      problems.push(
        `${id} has windows that are not the oracle's:\n  ${textOf(first)}\n  ${wanted.decisions.get(id)}`,
      )
    }
  }
  for (const id of byEvent.keys()) if (!traffic.eventIds.has(id)) problems.push(`${id} was never published`)
  const sources = new Set(deadLetters.map(({ headers }) => String(headers[HEADERS.source])))
  if (sources.size !== traffic.poisons) problems.push(`${sources.size} dead letters of ${traffic.poisons}`)
  if (schedule.delivery === 'exactly-once' && deadLetters.length !== sources.size) {
    problems.push(`${deadLetters.length - sources.size} dead letters twice`)
  }
  return problems
}

function maker({ headers }: LogRecord): string {
  return `${String(headers[HEADERS.processor])} from ${String(headers[HEADERS.source])}`
}

/** All that a read-committed reader finds, up to sentinels that are written on every partition now. */
async function published({ log, topics, groupId }: Deployment) {
  const read = [topics.decisions, topics.deadLetters]
  await log.produce(
    read.flatMap((topic) =>
      Array.from({ length: SENTINELS }, (_, i) => ({ topic, key: `${SENTINEL}-${i}`, value: SENTINEL })),
    ),
  )
  const reader = await collect(log, { topics: read, groupId: `${groupId}-check` })
  const isSentinel = (record: LogRecord): boolean => record.key?.toString().startsWith(SENTINEL) === true
  await reader.until(() => reader.records.filter(isSentinel).length >= SENTINELS * read.length)
  await reader.consumer.stop()
  const records = reader.records.filter((record) => !isSentinel(record))
  return {
    decisions: records.filter(({ topic }) => topic === topics.decisions),
    deadLetters: records.filter(({ topic }) => topic === topics.deadLetters),
  }
}
