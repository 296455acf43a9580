// The metrics of metric-table.ts as objects of prom-client within one registry.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { STAGES } from '../batch.ts'
import { ERRORS } from '../errors.ts'
import type { DriftFigures } from '../model/drift.ts'
import { ACTIONS } from '../rules/rule-set.ts'
import type { ConsumerFigures } from '../log/event-log.ts'
import { METRICS } from './metric-table.ts'

/** Percentiles from which on champion and challenger are asked whether both would have spoken up. */
export const COMPARED_AT = [0.9, 0.99, 0.999] as const

export interface JournalCacheFigures {
  readonly bytes: number
  readonly limitBytes: number
  readonly entries: number
  /** Since the process started. */
  readonly evictions: number
}

/** What is asked at every scrape; null until somebody can answer. */
export interface ScrapeReads {
  cache: (() => JournalCacheFigures) | null
  unjournaled: (() => number) | null
  ready: (() => boolean | Promise<boolean>) | null
  listEntries: (() => number) | null
  consumer: (() => ConsumerFigures) | null
  overloadLevel: (() => number) | null
  drift: (() => DriftFigures | null) | null
}

interface Declaration<L extends string> {
  readonly name: string
  readonly help: string
  readonly labels: readonly L[]
}

/** Registers every metric of the table; those whose labels are known beforehand start at zero. */
export function createMetricSet(registry: Registry, reads: ScrapeReads) {
  const counter = <L extends string>(declaration: Declaration<L>) =>
    new Counter<L>(base(declaration, registry))
  const gauge = <L extends string>(declaration: Declaration<L>) => new Gauge<L>(base(declaration, registry))
  const histogram = <L extends string>(
    declaration: Declaration<L> & { readonly buckets: readonly number[] },
  ) => new Histogram<L>({ ...base(declaration, registry), buckets: [...declaration.buckets] })

  const set = {
    stageDuration: histogram(METRICS.stageDuration),
    batchRecords: histogram(METRICS.batchRecords),
    events: counter(METRICS.events),
    decisions: counter(METRICS.decisions),
    decisionLatency: histogram(METRICS.decisionLatency),
    processingLatency: histogram(METRICS.processingLatency),
    rulesFired: counter(METRICS.rulesFired),
    rejected: counter(METRICS.rejected),
    alerts: counter(METRICS.alerts),
    score: histogram(METRICS.score),
    challengerScore: histogram(METRICS.challengerScore),
    challengerDisagreements: counter(METRICS.challengerDisagreements),
    challengerFailures: counter(METRICS.challengerFailures),
    modelRefused: gauge(METRICS.modelRefused),
    modelSwitches: counter(METRICS.modelSwitches),
    degraded: counter(METRICS.degraded),
    consumerLag: gauge(METRICS.consumerLag),
    deadlineMisses: counter(METRICS.deadlineMisses),
    overloads: counter(METRICS.overloads),
    rebalanceDuration: histogram(METRICS.rebalanceDuration),
    eventLoopStalls: counter(METRICS.eventLoopStalls),
    retries: counter(METRICS.retries),
    coalescedJournals: counter(METRICS.coalescedJournals),
    coalescedRecords: counter(METRICS.coalescedRecords),
    coalesceFailures: counter(METRICS.coalesceFailures),
    storeRoundTrip: histogram(METRICS.storeRoundTrip),
    buildInfo: gauge(METRICS.buildInfo),
    rulesRefused: gauge(METRICS.rulesRefused),
    ruleSwitches: counter(METRICS.ruleSwitches),
    rulesDemoted: gauge(METRICS.rulesDemoted),
    journalsLost: gauge(METRICS.journalsLost),
    journalEdition: gauge(METRICS.journalEdition),
    controlUnreadable: counter(METRICS.controlUnreadable),
    ...scrapedMetrics(registry, reads),
    ...driftMetrics(registry, reads),
  } satisfies Record<keyof typeof METRICS, unknown>

  // A counter that appears with its first event has no rate for that event.
  for (const stage of STAGES) set.stageDuration.zero({ stage })
  for (const outcome of ['taken', 'same', 'refused']) set.ruleSwitches.inc({ outcome }, 0)
  for (const role of ['champion', 'challenger']) {
    set.modelRefused.set({ role }, 0)
    for (const outcome of ['taken', 'same', 'refused']) set.modelSwitches.inc({ role, outcome }, 0)
  }
  for (const threshold of COMPARED_AT)
    for (const higher of ['champion', 'challenger'])
      set.challengerDisagreements.inc({ threshold: String(threshold), higher }, 0)
  for (const action of ACTIONS) set.decisions.inc({ action }, 0)
  for (const [code, { disposition }] of Object.entries(ERRORS)) {
    if (disposition === 'reject') set.rejected.inc({ code }, 0)
    if (disposition === 'retry' || disposition === 'degrade') set.retries.inc({ code }, 0)
  }
  return set
}

export type MetricSet = ReturnType<typeof createMetricSet>

/** Metrics that are asked for when Prometheus asks. */
function scrapedMetrics(registry: Registry, reads: ScrapeReads) {
  const read = (declaration: Declaration<never>, pick: () => number | undefined) =>
    new Gauge({
      ...base(declaration, registry),
      collect() {
        const value = pick()
        if (value !== undefined) this.set(value)
      },
    })
  return {
    overloadLevel: read(METRICS.overloadLevel, () => reads.overloadLevel?.()),
    assignedPartitions: read(METRICS.assignedPartitions, () => reads.consumer?.().assignedPartitions),
    pausedPartitions: read(METRICS.pausedPartitions, () => reads.consumer?.().pausedPartitions),
    inFlightBytes: read(METRICS.inFlightBytes, () => reads.consumer?.().inFlightBytes),
    cacheBytes: read(METRICS.cacheBytes, () => reads.cache?.().bytes),
    cacheLimitBytes: read(METRICS.cacheLimitBytes, () => reads.cache?.().limitBytes),
    cacheEntries: read(METRICS.cacheEntries, () => reads.cache?.().entries),
    cacheEvictions: new Counter({
      ...base(METRICS.cacheEvictions, registry),
      collect() {
        if (reads.cache === null) return
        this.reset()
        this.inc(reads.cache().evictions)
      },
    }),
    listEntries: read(METRICS.listEntries, () => reads.listEntries?.()),
    unjournaled: read(METRICS.unjournaled, () => reads.unjournaled?.()),
    ready: new Gauge({
      ...base(METRICS.ready, registry),
      async collect() {
        if (reads.ready !== null) this.set((await reads.ready()) ? 1 : 0)
      },
    }),
  }
}

/** Nothing is told while nothing can be said. */
function driftMetrics(registry: Registry, reads: ScrapeReads) {
  const read = (): DriftFigures | null => reads.drift?.() ?? null
  const figure = (declaration: Declaration<never>, pick: (figures: DriftFigures) => number) =>
    new Gauge({
      ...base(declaration, registry),
      collect() {
        const figures = read()
        if (figures === null) this.remove()
        else this.set(pick(figures))
      },
    })
  return {
    modelPsi: new Gauge({
      ...base(METRICS.modelPsi, registry),
      collect() {
        this.reset()
        for (const { feature, psi } of read()?.features ?? []) this.set({ feature }, psi)
      },
    }),
    modelScorePsi: figure(METRICS.modelScorePsi, ({ score }) => score),
    modelDriftPayments: figure(METRICS.modelDriftPayments, ({ payments }) => payments),
    modelDriftFilled: figure(METRICS.modelDriftFilled, ({ filled }) => filled),
  }
}

function base<L extends string>({ name, help, labels }: Declaration<L>, registry: Registry) {
  return { name, help, labelNames: labels, registers: [registry] }
}
