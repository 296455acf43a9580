// What every decision must be: windows recounted by brute force over the journals as they stand in the store, then the
// model, the rules and decide over them. A published decision that differs in one byte was made from other windows.
import type { Batch } from '../../src/batch.ts'
import type { Config } from '../../src/config.ts'
import { decide } from '../../src/decision/decide.ts'
import { loadKnowledge } from '../../src/knowledge.ts'
import type { LogRecord, OutputRecord } from '../../src/log/event-log.ts'
import type { TopicNames } from '../../src/log/topics.ts'
import { createScoreStage } from '../../src/model/score-stage.ts'
import { createDecodeStage } from '../../src/payment/decode.ts'
import { createRulesStage } from '../../src/rules/rules-stage.ts'
import { FIRST_LABEL_KIND } from '../../src/velocity/entity.ts'
import { journalKey } from '../../src/velocity/journal-key.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { emptyWindows } from '../../src/velocity/velocity.ts'
import { sourceOf } from '../support/batches.ts'
import { countedRecords, createOracle, idOf, type RawRecord, rawRecords } from '../unit/velocity/oracle.ts'

export interface Recount {
  /** The decision's JSON by event id. */
  readonly decisions: ReadonlyMap<string, string>
  /** Ids in the journals that stand there more than once, because an event was appended again. */
  readonly repeatedRecords: number
  /** Records of labels in all journals that count. */
  readonly labelRecords: number
  /** Ids of events that are missing in the journal of one of their entities. */
  readonly unjournaled: readonly string[]
}

const READS_AT_ONCE = 500

/** Decides all events again from the journals in Redis. */
export async function recount(
  config: Config,
  topics: TopicNames,
  published: readonly OutputRecord[],
): Promise<Recount> {
  const { rates, windows, scorer, ruleSet } = await loadKnowledge(config)
  const pseudonymiser = createPseudonymiser(config.privacy.pseudonymKey)
  const empty = emptyWindows(windows)
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => empty.slice(),
    maxMessageBytes: config.limits.maxMessageBytes,
    maxFutureSkewMs: config.velocity.maxFutureSkewMs,
  })
  const batch: Batch = decode({ ...sourceOf(published.map(asRecord)), topic: topics.events })
  const { journals, repeatedRecords, holds } = await readJournals(config, batch)
  const unjournaled: string[] = []
  for (const event of batch.events) {
    const id = idOf(pseudonymiser.eventId(event.event.tenant ?? '', event.event.id))
    if (!event.entities.every((entity) => holds(journalKey(entity), id))) unjournaled.push(event.event.id)
    const oracles = new Map(
      event.entities.map((entity) => {
        const counted = journals.get(journalKey(entity)) ?? []
        return [entity.type, createOracle(counted, entity.type, id, rates.minorPerMajor, config.velocity)]
      }),
    )
    for (const [slot, spec] of windows.specs.entries()) {
      event.windows[slot] = oracles.get(spec.entity)?.(spec) ?? empty[slot] ?? Number.NaN
    }
  }
  createRulesStage({ ruleSet })(createScoreStage(scorer)(batch))
  const versions = {
    ruleSet: ruleSet.hash,
    lists: 'none',
    model: scorer?.version ?? null,
    rates: rates.version,
  }
  scorer?.close()
  const labelRecords = [...journals.values()].flat().filter(({ kind }) => kind >= FIRST_LABEL_KIND).length
  return {
    decisions: new Map(
      batch.events.map((event) => [event.event.id, JSON.stringify(decide(event, { versions }))]),
    ),
    repeatedRecords,
    labelRecords,
    unjournaled,
  }
}

async function readJournals(config: Config, { events }: Batch) {
  const store = createRedisStore({ ...config.redis, ...config.velocity })
  const keys = [...new Set(events.flatMap(({ entities }) => entities.map(journalKey)))]
  const journals = new Map<string, RawRecord[]>()
  const ids = new Map<string, Set<bigint>>()
  let repeatedRecords = 0
  for (let at = 0; at < keys.length; at += READS_AT_ONCE) {
    const chunk = keys.slice(at, at + READS_AT_ONCE)
    const contents = await Promise.all(chunk.map((key) => readJournal(store, key)))
    for (const [i, content] of contents.entries()) {
      if (content === null) throw new Error(`there is no journal ${chunk[i]}`)
      const records = rawRecords(content)
      ids.set(chunk[i] ?? '', new Set(records.map(({ id }) => id)))
      const counted = countedRecords(records, config.velocity)
      repeatedRecords += records.length - counted.length
      journals.set(chunk[i] ?? '', counted)
    }
  }
  await store.close()
  const holds = (key: string, id: bigint): boolean => ids.get(key)?.has(id) === true
  return { journals, repeatedRecords, holds }
}

function asRecord({ topic, key, value }: OutputRecord, i: number): LogRecord {
  const bytes = (text: string | Buffer | null): Buffer | null =>
    typeof text === 'string' ? Buffer.from(text) : text
  return {
    topic,
    partition: 0,
    offset: String(i),
    timestampMs: Date.now(),
    key: bytes(key),
    value: bytes(value),
    headers: {},
  }
}
