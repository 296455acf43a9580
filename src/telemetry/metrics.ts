// What Prometheus reads: counts, latencies and states of one processor, in a registry of its own.
// The names and labels live in metric-table.ts; here they are filled. Observing never throws and never awaits.
import { type Counter, collectDefaultMetrics, type Gauge, Registry } from 'prom-client'
import type { Batch, StageName } from '../batch.ts'
import type { ModelRole } from '../control/control-record.ts'
import type { ErrorCode } from '../errors.ts'
import type { ConsumerFigures, ConsumerObserver } from '../log/event-log.ts'
import { HEADERS } from '../log/topics.ts'
import type { DriftFigures } from '../model/drift.ts'
import {
  COMPARED_AT,
  createMetricSet,
  type JournalCacheFigures,
  type MetricSet,
  type ScrapeReads,
} from './metric-set.ts'
import { METRICS } from './metric-table.ts'

/** A partition without a batch for this long belongs to another processor, or is idle: its lag is no longer told. */
const LAG_EXPIRES_MS = 600_000
/** Kinds of degradation that get a label of their own; later ones are counted as `other`. */
const MAX_DEGRADED_KINDS = 32

export interface BuildInfo {
  readonly version: string
  /** Hash of the rule set. */
  readonly ruleSet: string
  /** Version of the model; null when it runs without. */
  readonly model: string | null
  /** Version of the challenger; null without one. */
  readonly challenger: string | null
}

export interface MetricDescription {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

export interface Metrics {
  readonly contentType: string
  /** The exposition text that Prometheus reads. */
  text(): Promise<string>
  /** One stage's time for one batch. */
  observeStage(stage: StageName, seconds: number): void
  /** Everything that a committed batch tells: call it once, after commit. `nowMs` in epoch milliseconds. */
  observeBatch(batch: Batch, nowMs: number): void
  /** One call to the journal store. */
  observeStoreRoundTrip(seconds: number): void
  /** A journal that was looked at in the store; `removed` records were replaced by buckets. */
  countCoalesced(removed: number): void
  countCoalesceFailure(): void
  /** What befalls the consumer in its group. */
  readonly consumerObserver: ConsumerObserver
  /** Labels begin to give way to events. */
  countOverload(): void
  /** Asked at every scrape. */
  bindConsumer(read: () => ConsumerFigures): void
  /** Asked at every scrape. */
  bindOverloadLevel(read: () => number): void
  /** A batch that will be done again. */
  countRetry(code: ErrorCode): void
  /** Asked at every scrape. */
  bindJournalCache(read: () => JournalCacheFigures): void
  /** Asked at every scrape. */
  bindUnjournaled(read: () => number): void
  /** Asked at every scrape; must not reject. */
  bindReadiness(read: () => boolean | Promise<boolean>): void
  /** Asked at every scrape. */
  bindListEntries(read: () => number): void
  /** Asked at every scrape. */
  bindDrift(read: () => DriftFigures | null): void
  /** An attempt to take another rule set. Whether the newest one is refused, by the outcome if absent, is told until the next attempt. */
  countRuleSwitch(outcome: SwitchOutcome, isRefused?: boolean): void
  /** The same for models. */
  countModelSwitch(role: ModelRole, outcome: SwitchOutcome, isRefused?: boolean): void
  setDemotedRules(count: number): void
  countUnreadableControl(): void
  setJournals(journals: { readonly edition: number; readonly isLost: boolean }): void
  /** Replaces what was said before, so that exactly one combination has the value 1. */
  setBuildInfo(info: BuildInfo): void
}

type SwitchOutcome = 'taken' | 'same' | 'refused'

export interface MetricsOptions {
  /** Topic that alerts are published to. */
  readonly alertsTopic: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Metrics of the process and of Node: CPU, memory, event-loop lag. On by default; they observe for the process's life. */
  readonly processMetrics?: boolean
}

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry })
  const reads: ScrapeReads = {
    cache: null,
    unjournaled: null,
    ready: null,
    listEntries: null,
    consumer: null,
    overloadLevel: null,
    drift: null,
  }
  const m = createMetricSet(registry, reads)
  const lags = createLagGauge(m.consumerLag, options.now)
  const degradedKinds = new Set<string>()

  const countDegraded = (what: string) => {
    const colon = what.indexOf(':')
    const kind = colon === -1 ? what : what.slice(0, colon)
    const known = degradedKinds.has(kind) || degradedKinds.size < MAX_DEGRADED_KINDS
    if (known) degradedKinds.add(kind)
    m.degraded.inc({ what: known ? kind : 'other' })
  }

  return {
    contentType: registry.contentType,
    text() {
      lags.expire()
      return registry.metrics()
    },
    observeStage: (stage, seconds) => m.stageDuration.observe({ stage }, seconds),
    observeStoreRoundTrip: (seconds) => m.storeRoundTrip.observe(seconds),
    countCoalesced(removed) {
      if (removed === 0) return
      m.coalescedJournals.inc()
      m.coalescedRecords.inc(removed)
    },
    countCoalesceFailure: () => m.coalesceFailures.inc(),
    consumerObserver: {
      onAssigned: (_assigned, tookMs) => m.rebalanceDuration.observe(tookMs / 1_000),
      onStoodStill: () => m.eventLoopStalls.inc(),
    },
    countOverload: () => m.overloads.inc(),
    bindConsumer(read) {
      reads.consumer = read
    },
    bindOverloadLevel(read) {
      reads.overloadLevel = read
    },
    countRetry: (code) => m.retries.inc({ code }),
    bindJournalCache(read) {
      reads.cache = read
    },
    bindUnjournaled(read) {
      reads.unjournaled = read
    },
    bindReadiness(read) {
      reads.ready = read
    },
    bindListEntries(read) {
      reads.listEntries = read
    },
    bindDrift(read) {
      reads.drift = read
    },
    countRuleSwitch(outcome, isRefused = outcome === 'refused') {
      m.ruleSwitches.inc({ outcome })
      m.rulesRefused.set(isRefused ? 1 : 0)
    },
    countModelSwitch(role, outcome, isRefused = outcome === 'refused') {
      m.modelSwitches.inc({ role, outcome })
      m.modelRefused.set({ role }, isRefused ? 1 : 0)
    },
    setDemotedRules: (count) => m.rulesDemoted.set(count),
    countUnreadableControl: () => m.controlUnreadable.inc(),
    setJournals({ edition, isLost }) {
      m.journalEdition.set(edition)
      m.journalsLost.set(isLost ? 1 : 0)
    },
    setBuildInfo({ version, ruleSet, model, challenger }) {
      m.buildInfo.reset()
      const models = { model: model ?? 'none', challenger: challenger ?? 'none' }
      m.buildInfo.set({ version, rule_set: ruleSet, ...models }, 1)
    },
    observeBatch(batch, nowMs) {
      const { topic, partition, records, lag, arrivedAtMs } = batch.source
      m.batchRecords.observe(records.length)
      lags.set(topic, partition, lag)
      countOutcomes(m.events, topic, batch)
      for (const { code } of batch.rejected) m.rejected.inc({ code })
      for (const { topic: to, headers } of batch.outputs) {
        if (to === options.alertsTopic) m.alerts.inc()
        else if (headers?.[HEADERS.deadlineMissedBy] !== undefined) m.deadlineMisses.inc()
      }

      const processingSeconds = Math.max(0, nowMs - arrivedAtMs) / 1_000
      for (const item of batch.events) {
        if (item.decision === null) continue
        m.decisions.inc({ action: item.decision.action })
        m.decisionLatency.observe(Math.max(0, nowMs - item.record.timestampMs) / 1_000)
        m.processingLatency.observe(processingSeconds)
        for (const rule of item.fired) m.rulesFired.inc({ rule: rule.id, mode: rule.mode })
        if (item.scored !== null) m.score.observe(item.scored.value)
        if (item.challenged !== null) compare(m, item.scored?.value ?? null, item.challenged.score)
        for (const what of item.degraded) countDegraded(what)
      }
    },
  }
}

/** Every metric with its help and labels, ours first, then those of the process; for documentation and checks. */
export function describeMetrics(): MetricDescription[] {
  const ours = Object.values(METRICS).map(({ name, type, help, labels }) => ({ name, type, help, labels }))
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const process = registry.getMetricsAsArray().map((metric) => ({
    name: metric.name,
    // prom-client keeps the type on every metric object, though its declarations leave it out.
    type: 'type' in metric ? String(metric.type) : 'untyped',
    help: metric.help,
    labels: 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [],
  }))
  return [...ours, ...process]
}

function countOutcomes(events: Counter<'topic' | 'outcome'>, topic: string, batch: Batch): void {
  if (batch.events.length > 0) events.inc({ topic, outcome: 'decided' }, batch.events.length)
  if (batch.labels.length > 0) events.inc({ topic, outcome: 'labelled' }, batch.labels.length)
  if (batch.rejected.length > 0) events.inc({ topic, outcome: 'rejected' }, batch.rejected.length)
}

/** What both models say of one payment. */
function compare(m: MetricSet, champion: number | null, challenger: number | null): void {
  if (challenger === null) {
    m.challengerFailures.inc()
    return
  }
  m.challengerScore.observe(challenger)
  if (champion === null) return
  for (const threshold of COMPARED_AT) {
    if (champion >= threshold === challenger >= threshold) continue
    const higher = challenger > champion ? 'challenger' : 'champion'
    m.challengerDisagreements.inc({ threshold: String(threshold), higher })
  }
}

/** Lag by partition, which forgets the partitions that this processor no longer hears of. */
function createLagGauge(gauge: Gauge<'topic' | 'partition'>, now: () => number) {
  const seen = new Map<string, { topic: string; partition: string; atMs: number }>()
  return {
    set(topic: string, partition: number, lag: number): void {
      const labels = { topic, partition: String(partition) }
      seen.set(`${topic}/${partition}`, { ...labels, atMs: now() })
      gauge.set(labels, lag)
    },
    expire(): void {
      const oldest = now() - LAG_EXPIRES_MS
      for (const [key, { topic, partition, atMs }] of seen) {
        if (atMs >= oldest) continue
        seen.delete(key)
        gauge.remove({ topic, partition })
      }
    },
  }
}
