// What must hold after a schedule, whatever happened in it. Each finding is a sentence; none is the goal.
// Everything is held against the messages as they stand in the topics: a publisher that tried again may have written one twice.
import { randomBytes } from 'node:crypto'
import type { LogRecord } from '../../src/log/event-log.ts'
import { HEADERS } from '../../src/log/topics.ts'
import { recount } from '../e2e/recount.ts'
import type { Traffic } from '../e2e/traffic.ts'
import { textOf } from '../support/collector.ts'
import type { Deployment } from './deployment.ts'
import type { Delivery } from './points.ts'
import { readCommitted } from './read-committed.ts'

export async function check(deployment: Deployment, delivery: Delivery, traffic: Traffic): Promise<string[]> {
  const { topics } = deployment
  const found = await contents(deployment)
  const wanted = await recount(deployment.config, topics, traffic.events)
  const messages = await wantedOf(deployment, traffic)
  const decisions = Map.groupBy(found.decisions, sourceOf)
  const deadLetters = Map.groupBy(found.deadLetters, sourceOf)
  const problems = wanted.unjournaled.map((id) => `${id} is missing in a journal`)
  for (const [source, id] of messages.events) {
    const records = decisions.get(source) ?? []
    problems.push(...once(`${id} at ${source}`, 'decided', records, delivery))
    const wrong = records.find((record) => textOf(record) !== wanted.decisions.get(id))
    if (wrong !== undefined) {
      problems.push(
        `${id} has windows that are not the oracle's:\n  ${textOf(wrong)}\n  ${wanted.decisions.get(id)}`,
      )
    }
  }
  for (const source of messages.poisons) {
    problems.push(
      ...once(`the bad message at ${source}`, 'rejected', deadLetters.get(source) ?? [], delivery),
    )
  }
  for (const source of decisions.keys()) {
    if (!messages.events.has(source)) problems.push(`the decision on ${source} has no event`)
  }
  for (const source of deadLetters.keys()) {
    if (!messages.poisons.has(source)) problems.push(`the dead letter of ${source} has no bad message`)
  }
  const known = new Set(messages.events.values())
  for (const id of traffic.eventIds) if (!known.has(id)) problems.push(`${id} was never published`)
  return problems
}

function once(what: string, verb: string, records: readonly LogRecord[], delivery: Delivery): string[] {
  if (records.length === 0) return [`${what} was not ${verb}`]
  if (delivery === 'at-least-once' || records.length === 1) return []
  const makers = records.map(({ headers }) => String(headers[HEADERS.processor] ?? ''))
  return [`${what} was ${verb} ${records.length} times ${makers.join(', ')}`]
}

function sourceOf({ headers }: LogRecord): string {
  return String(headers[HEADERS.source])
}

/** Where each event stands, with its id, and where the bad messages are. */
async function wantedOf({ log, topics }: Deployment, traffic: Traffic) {
  const inOrder = [...traffic.eventIds]
  const ids = new Map(traffic.events.map(({ value }, i) => [String(value), inOrder[i] ?? '']))
  const events = new Map<string, string>()
  const poisons = new Set<string>()
  const reader = await log.follow({
    topic: topics.events,
    onRecords(records) {
      for (const record of records) {
        const source = `${record.topic}/${record.partition}/${record.offset}`
        const id = ids.get(textOf(record))
        if (id === undefined) poisons.add(source)
        else events.set(source, id)
      }
    },
  })
  await reader.stop()
  return { events, poisons }
}

/** All that a read-committed reader finds. */
async function contents({ log, topics, groupId }: Deployment) {
  const decisions: LogRecord[] = []
  const deadLetters: LogRecord[] = []
  await readCommitted({
    log,
    topics: [topics.decisions, topics.deadLetters],
    groupId: `${groupId}-check-${randomBytes(4).toString('hex')}`,
    onRecord: (record) => void (record.topic === topics.decisions ? decisions : deadLetters).push(record),
  })
  return { decisions, deadLetters }
}
