// Plays a rule test: its events pass the stages that real events pass, with journals in memory.
// Each test starts with empty journals, so that tests cannot influence each other.
import { type Batch, type BatchEvent, emptyBatch } from '../batch.ts'
import { detachedBatch } from '../log/detached-batch.ts'
import type { Rates } from '../payment/rates.ts'
import type { Horizons } from '../velocity/grid.ts'
import { createMemoryStore } from '../velocity/memory-store.ts'
import { createPseudonymiser, type Pseudonymiser } from '../velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows } from '../velocity/velocity.ts'
import type { WindowSet } from '../velocity/window.ts'
import type { RuleSet } from './rule-set.ts'
import type { EventStep, RuleTest, TestStep } from './rule-test-file.ts'
import { createRulesStage } from './rules-stage.ts'
import type { TestLists } from './test-lists.ts'

export interface PlayOptions {
  readonly rules: RuleSet
  /** What the rules were compiled with; absent where they ask no list. */
  readonly lists?: TestLists
  /** The windows that the rules were compiled with. */
  readonly windows: WindowSet
  readonly rates: Pick<Rates, 'minorPerMajor' | 'toBaseMinor'>
  readonly horizons: Horizons
}

/** Any key will do where journals last as long as one test. */
const KEY = '00'.repeat(16)
const CACHE_BYTES = 16 * 1024 * 1024

/** The events of the test as they leave the rules stage, by index of their step; null for a label. */
export async function playTest(
  test: RuleTest,
  options: PlayOptions,
): Promise<readonly (BatchEvent | null)[]> {
  const { rules, windows, rates, horizons } = options
  const pseudonymiser = createPseudonymiser(KEY)
  let nowMs = 0
  const store = createMemoryStore({ retentionMs: horizons.retentionMs, now: () => nowMs })
  const { minorPerMajor } = rates
  const velocity = createVelocityStage({
    store,
    windows,
    pseudonymiser,
    horizons,
    cacheBytes: CACHE_BYTES,
    minorPerMajor,
  })
  const judge = createRulesStage({ ruleSet: rules })
  options.lists?.fill(test.lists)
  const played: (BatchEvent | null)[] = []
  for (const step of test.steps) {
    nowMs = step.timeMs
    const batch = batchOf(step, played.length, options, pseudonymiser)
    // One batch a step: a test's clock may go on for longer than journals are kept.
    await velocity(batch)
    const [item] = batch.events
    if (item !== undefined && 'event' in step) fill(item, step, windows)
    judge(batch)
    played.push(item ?? null)
  }
  await velocity.coalescer.close()
  await store.close()
  return played
}

/** What the stages before the rules would leave behind. An event without journals is journaled afterwards, as by a processor. */
function fill(event: BatchEvent, { score, degraded }: EventStep, windows: WindowSet): void {
  event.degraded.push(...degraded)
  event.score = degraded.includes('model') ? Number.NaN : score
  if (degraded.includes('journals')) event.windows.set(emptyWindows(windows))
}

function batchOf(
  step: TestStep,
  index: number,
  { windows, rates }: PlayOptions,
  pseudonymiser: Pseudonymiser,
): Batch {
  const { timeMs } = step
  const record = {
    topic: 'test',
    partition: 0,
    offset: String(index),
    timestampMs: timeMs,
    key: null,
    value: null,
    headers: {},
  }
  const batch = emptyBatch(detachedBatch(record.topic, [record], timeMs))
  if ('label' in step) {
    const { label } = step
    const eventMs = Date.parse(label.eventTime ?? label.time)
    batch.labels.push({ record, label, timeMs, eventMs, entities: pseudonymiser.entitiesOf(label) })
    return batch
  }
  const { event } = step
  const amountBaseMinor = rates.toBaseMinor(event.amount, event.currency)
  batch.events.push({
    record,
    event,
    timeMs,
    entities: pseudonymiser.entitiesOf(event),
    amountBaseMinor,
    amount: amountBaseMinor / rates.minorPerMajor,
    windows: emptyWindows(windows),
    score: Number.NaN,
    fired: [],
    scored: null,
    challenged: null,
    degraded: [],
    decision: null,
  })
  return batch
}
