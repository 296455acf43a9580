// Names, labels and buckets of the metrics, and what a batch makes of them.
import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../../src/errors.ts'
import { METRICS } from '../../../src/telemetry/metric-table.ts'
import { createMetrics, describeMetrics, type MetricsOptions } from '../../../src/telemetry/metrics.ts'
import { ARRIVED_MS, batchOf, firedRule } from './batches.ts'

const metricsOf = (options: Partial<MetricsOptions> = {}) =>
  createMetrics({ alertsTopic: 'payments.alerts', now: () => ARRIVED_MS, processMetrics: false, ...options })

/** The samples of one name, as they stand in the exposition: `{labels} value`. */
const samples = (text: string, name: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => line.slice(name.length).trim())

describe('the metric table', () => {
  it('keeps the names, types and labels that dashboards and alerts depend on', () => {
    const lines = describeMetrics()
      .filter((metric) => metric.name.startsWith('paysentry_'))
      .map(({ name, type, labels }) => `${type} ${name}{${labels.join(',')}}`)
    expect(lines).toEqual([
      'histogram paysentry_stage_duration_seconds{stage}',
      'histogram paysentry_batch_records{}',
      'counter paysentry_events_total{topic,outcome}',
      'counter paysentry_decisions_total{action}',
      'histogram paysentry_decision_latency_seconds{}',
      'histogram paysentry_processing_latency_seconds{}',
      'counter paysentry_rules_fired_total{rule,mode}',
      'counter paysentry_rejected_total{code}',
      'counter paysentry_alerts_total{}',
      'histogram paysentry_score{}',
      'histogram paysentry_challenger_score{}',
      'counter paysentry_challenger_disagreements_total{threshold,higher}',
      'counter paysentry_challenger_failures_total{}',
      'gauge paysentry_model_psi{feature}',
      'gauge paysentry_model_score_psi{}',
      'gauge paysentry_model_drift_payments{}',
      'gauge paysentry_model_drift_filled_ratio{}',
      'gauge paysentry_model_refused{role}',
      'counter paysentry_model_switches_total{role,outcome}',
      'counter paysentry_degraded_total{what}',
      'gauge paysentry_consumer_lag_records{topic,partition}',
      'counter paysentry_deadline_misses_total{}',
      'gauge paysentry_overload_level{}',
      'counter paysentry_overloads_total{}',
      'gauge paysentry_assigned_partitions{}',
      'gauge paysentry_paused_partitions{}',
      'gauge paysentry_in_flight_bytes{}',
      'histogram paysentry_rebalance_duration_seconds{}',
      'counter paysentry_event_loop_stalls_total{}',
      'counter paysentry_retries_total{code}',
      'gauge paysentry_journal_cache_bytes{}',
      'gauge paysentry_journal_cache_limit_bytes{}',
      'gauge paysentry_journal_cache_entries{}',
      'counter paysentry_journal_cache_evictions_total{}',
      'counter paysentry_journals_coalesced_total{}',
      'counter paysentry_journal_records_coalesced_total{}',
      'counter paysentry_coalesce_failures_total{}',
      'histogram paysentry_store_round_trip_seconds{}',
      'gauge paysentry_unjournaled_records{}',
      'gauge paysentry_journals_lost{}',
      'gauge paysentry_journal_edition{}',
      'gauge paysentry_build_info{version,rule_set,model,challenger}',
      'gauge paysentry_rules_refused{}',
      'counter paysentry_rule_switches_total{outcome}',
      'gauge paysentry_rules_demoted{}',
      'gauge paysentry_list_entries{}',
      'counter paysentry_control_unreadable_total{}',
      'gauge paysentry_ready{}',
    ])
  })

  it('exposes every metric that it declares, with its help', async () => {
    const text = await metricsOf().text()
    for (const { name, type, help } of Object.values(METRICS)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)
    }
  })

  it('names counters _total and gives times in seconds', () => {
    for (const { name, type } of Object.values(METRICS)) {
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(name).not.toMatch(/_(ms|millis|milliseconds)\b/)
    }
  })

  it('has rising buckets with a border at 250 ms, where the latency alert stands', () => {
    for (const metric of Object.values(METRICS)) {
      if (metric.type !== 'histogram') continue
      expect([...metric.buckets]).toEqual([...metric.buckets].toSorted((a, b) => a - b))
    }
    expect(METRICS.decisionLatency.buckets).toContain(0.25)
    expect(METRICS.stageDuration.buckets.at(0)).toBe(0.0001)
    expect(METRICS.stageDuration.buckets.at(-1)).toBe(5)
  })

  it('describes the metrics of the process as well', () => {
    const names = describeMetrics().map((metric) => metric.name)
    expect(names).toContain('process_cpu_seconds_total')
    expect(names).toContain('nodejs_eventloop_lag_p99_seconds')
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('observing a batch', () => {
  it('counts decisions, rejections, rules and scores', async () => {
    const metrics = metricsOf()
    metrics.observeBatch(
      batchOf({
        events: [
          { action: 'allow', score: 0.2 },
          { action: 'block', score: 0.999, fired: [firedRule('a', 'live'), firedRule('b', 'shadow')] },
          { action: 'block', fired: [firedRule('a', 'live')] },
        ],
        rejected: ['MESSAGE_NOT_JSON'],
        lag: 7,
        partition: 3,
      }),
      ARRIVED_MS,
    )
    const text = await metrics.text()
    expect(samples(text, 'paysentry_decisions_total')).toEqual([
      '{action="allow"} 1',
      '{action="review"} 0',
      '{action="challenge"} 0',
      '{action="block"} 2',
    ])
    expect(samples(text, 'paysentry_events_total')).toEqual([
      '{topic="payments.events",outcome="decided"} 3',
      '{topic="payments.events",outcome="rejected"} 1',
    ])
    expect(samples(text, 'paysentry_rejected_total')).toContain('{code="MESSAGE_NOT_JSON"} 1')
    expect(samples(text, 'paysentry_rules_fired_total')).toEqual([
      '{rule="a",mode="live"} 2',
      '{rule="b",mode="shadow"} 1',
    ])
    expect(samples(text, 'paysentry_score_count')).toEqual(['2'])
    expect(samples(text, 'paysentry_batch_records_sum')).toEqual(['4'])
    expect(samples(text, 'paysentry_consumer_lag_records')).toEqual([
      '{topic="payments.events",partition="3"} 7',
    ])
  })

  it('compares a challenger with the champion at thresholds, and counts what it could not score', async () => {
    const metrics = metricsOf()
    const events = [
      { action: 'allow' as const, score: 0.2, challenger: 0.3 },
      { action: 'allow' as const, score: 0.95, challenger: 0.5 },
      { action: 'allow' as const, score: 0.5, challenger: 0.995 },
      { action: 'allow' as const, score: 0.5, challenger: null },
      { action: 'allow' as const, score: 0.5 },
    ]
    metrics.observeBatch(batchOf({ events }), ARRIVED_MS)
    const text = await metrics.text()
    expect(samples(text, 'paysentry_challenger_score_count')).toEqual(['3'])
    expect(samples(text, 'paysentry_challenger_failures_total')).toEqual(['1'])
    expect(samples(text, 'paysentry_challenger_disagreements_total')).toEqual([
      '{threshold="0.9",higher="champion"} 1',
      '{threshold="0.9",higher="challenger"} 1',
      '{threshold="0.99",higher="champion"} 0',
      '{threshold="0.99",higher="challenger"} 1',
      '{threshold="0.999",higher="champion"} 0',
      '{threshold="0.999",higher="challenger"} 0',
    ])
  })

  it('measures latency from the broker timestamp and from arrival', async () => {
    const metrics = metricsOf()
    metrics.observeBatch(batchOf({ events: [{ action: 'allow', ageMs: 100 }] }), ARRIVED_MS + 20)
    const text = await metrics.text()
    expect(samples(text, 'paysentry_decision_latency_seconds_sum')).toEqual(['0.12'])
    expect(samples(text, 'paysentry_processing_latency_seconds_sum')).toEqual(['0.02'])
  })

  it('takes a broker clock that runs ahead for no time, not for a negative one', async () => {
    const metrics = metricsOf()
    metrics.observeBatch(batchOf({ events: [{ action: 'allow', ageMs: -5_000 }] }), ARRIVED_MS)
    expect(samples(await metrics.text(), 'paysentry_decision_latency_seconds_sum')).toEqual(['0'])
  })

  it('counts the outputs that go to the alerts topic, whatever its prefix', async () => {
    const metrics = metricsOf({ alertsTopic: 'eu.payments.alerts' })
    const output = (topic: string) => ({ topic, key: null, value: null })
    metrics.observeBatch(
      batchOf({ outputs: [output('eu.payments.decisions'), output('eu.payments.alerts')] }),
      ARRIVED_MS,
    )
    expect(samples(await metrics.text(), 'paysentry_alerts_total')).toEqual(['1'])
  })

  it('counts the decisions that say that they came too late, and not their alerts', async () => {
    const metrics = metricsOf()
    const output = (topic: string, headers = {}) => ({ topic, key: null, value: null, headers })
    const late = { 'paysentry.deadline-missed-by': '12' }
    const outputs = [
      output('payments.decisions', late),
      output('payments.alerts', late),
      output('payments.decisions'),
    ]
    metrics.observeBatch(batchOf({ outputs }), ARRIVED_MS)
    expect(samples(await metrics.text(), 'paysentry_deadline_misses_total')).toEqual(['1'])
  })

  it('labels degradation by its kind and never by its detail', async () => {
    const metrics = metricsOf()
    const events = [{ action: 'allow' as const, degraded: ['rate:XAF', 'rate:VES', 'late'] }]
    metrics.observeBatch(batchOf({ events }), ARRIVED_MS)
    expect(samples(await metrics.text(), 'paysentry_degraded_total')).toEqual([
      '{what="rate"} 2',
      '{what="late"} 1',
    ])
  })

  it('keeps the kinds of degradation bounded', async () => {
    const metrics = metricsOf()
    const degraded = Array.from({ length: 1_000 }, (_, i) => `kind-${i}`)
    metrics.observeBatch(batchOf({ events: [{ action: 'allow', degraded }] }), ARRIVED_MS)
    const found = samples(await metrics.text(), 'paysentry_degraded_total')
    expect(found).toHaveLength(33)
    expect(found).toContain('{what="other"} 968')
  })

  it('forgets the lag of a partition that it no longer hears of', async () => {
    let now = ARRIVED_MS
    const metrics = metricsOf({ now: () => now })
    metrics.observeBatch(batchOf({ partition: 1, lag: 5 }), now)
    now += 500_000
    metrics.observeBatch(batchOf({ partition: 2, lag: 6 }), now)
    now += 200_000
    expect(samples(await metrics.text(), 'paysentry_consumer_lag_records')).toEqual([
      '{topic="payments.events",partition="2"} 6',
    ])
  })
})

describe('the states', () => {
  it('starts every counter of a known code at zero, so that the first increase is seen', async () => {
    const text = await metricsOf().text()
    const codes = (disposition: string) =>
      Object.values(ERRORS).filter((e) => e.disposition === disposition).length
    expect(samples(text, 'paysentry_rejected_total')).toHaveLength(codes('reject'))
    expect(samples(text, 'paysentry_retries_total')).toHaveLength(codes('retry') + codes('degrade'))
    expect(samples(text, 'paysentry_retries_total')).toContain('{code="STORE_UNAVAILABLE"} 0')
  })

  it('reads cache and readiness when it is scraped', async () => {
    const metrics = metricsOf()
    let ready = false
    metrics.bindJournalCache(() => ({ bytes: 10, limitBytes: 20, entries: 3, evictions: 4 }))
    metrics.bindReadiness(() => Promise.resolve(ready))
    expect(samples(await metrics.text(), 'paysentry_ready')).toEqual(['0'])
    ready = true
    const text = await metrics.text()
    expect(samples(text, 'paysentry_ready')).toEqual(['1'])
    expect(samples(text, 'paysentry_journal_cache_bytes')).toEqual(['10'])
    expect(samples(text, 'paysentry_journal_cache_limit_bytes')).toEqual(['20'])
    expect(samples(text, 'paysentry_journal_cache_entries')).toEqual(['3'])
    expect(samples(text, 'paysentry_journal_cache_evictions_total')).toEqual(['4'])
  })

  it('tells what befalls the consumer and what it holds', async () => {
    const metrics = metricsOf()
    metrics.bindConsumer(() => ({ assignedPartitions: 8, pausedPartitions: 4, inFlightBytes: 1_000 }))
    metrics.bindOverloadLevel(() => 3)
    metrics.countOverload()
    metrics.consumerObserver.onAssigned({}, 200)
    metrics.consumerObserver.onAssigned({}, 300)
    metrics.consumerObserver.onStoodStill(9_000)
    const text = await metrics.text()
    expect(samples(text, 'paysentry_assigned_partitions')).toEqual(['8'])
    expect(samples(text, 'paysentry_paused_partitions')).toEqual(['4'])
    expect(samples(text, 'paysentry_in_flight_bytes')).toEqual(['1000'])
    expect(samples(text, 'paysentry_overload_level')).toEqual(['3'])
    expect(samples(text, 'paysentry_overloads_total')).toEqual(['1'])
    expect(samples(text, 'paysentry_rebalance_duration_seconds_count')).toEqual(['2'])
    expect(samples(text, 'paysentry_rebalance_duration_seconds_sum')).toEqual(['0.5'])
    expect(samples(text, 'paysentry_event_loop_stalls_total')).toEqual(['1'])
  })

  it('tells the drift while there is one to tell, and nothing else', async () => {
    const metrics = metricsOf()
    const features = [{ feature: 'amount', psi: 0.3 }]
    let figures: Parameters<typeof metrics.bindDrift>[0] = () => null
    metrics.bindDrift(() => figures())
    expect(await metrics.text()).not.toMatch(/^paysentry_model_(psi|score_psi|drift)/m)
    figures = () => ({ features, score: 0.2, payments: 1_500, filled: 0.5 })
    const text = await metrics.text()
    expect(samples(text, 'paysentry_model_psi')).toEqual(['{feature="amount"} 0.3'])
    expect(samples(text, 'paysentry_model_score_psi')).toEqual(['0.2'])
    expect(samples(text, 'paysentry_model_drift_payments')).toEqual(['1500'])
    expect(samples(text, 'paysentry_model_drift_filled_ratio')).toEqual(['0.5'])
    figures = () => null
    expect(await metrics.text()).not.toMatch(/^paysentry_model_(psi|score_psi|drift)/m)
  })

  it('names one running combination of versions at a time', async () => {
    const metrics = metricsOf()
    metrics.setBuildInfo({ version: '0.1.0', ruleSet: 'sha256:aa', model: null, challenger: null })
    metrics.setBuildInfo({ version: '0.1.0', ruleSet: 'sha256:bb', model: 'm2', challenger: 'm3' })
    expect(samples(await metrics.text(), 'paysentry_build_info')).toEqual([
      '{version="0.1.0",rule_set="sha256:bb",model="m2",challenger="m3"} 1',
    ])
  })

  it('counts retries and stage times under their names', async () => {
    const metrics = metricsOf()
    metrics.countRetry('STORE_UNAVAILABLE')
    metrics.observeStage('rules', 0.0002)
    metrics.observeStoreRoundTrip(0.003)
    const text = await metrics.text()
    expect(samples(text, 'paysentry_retries_total')).toContain('{code="STORE_UNAVAILABLE"} 1')
    expect(text).toContain('paysentry_stage_duration_seconds_bucket{le="0.00025",stage="rules"} 1\n')
    expect(samples(text, 'paysentry_store_round_trip_seconds_count')).toEqual(['1'])
  })
})
