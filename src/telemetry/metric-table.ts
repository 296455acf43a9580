// The one home of metric names: every metric that paysentry exposes, with its help, labels and buckets.
// Dashboards and alert rules depend on them: test/unit/telemetry/metrics.test.ts is golden.
// No label holds an identifier of a person, card, account, device or merchant, and every label has few values.

/** Seconds. Stages take from a tenth of a millisecond (rules) to seconds (a broker that does not answer). */
const STAGE_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const

/** Seconds, finest between 1 and 250 ms, where a payment is still waiting for its answer. */
const LATENCY_BUCKETS = [
  0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.5,
  1, 2.5, 5, 10, 30, 60,
] as const

const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 10_000] as const

/** Percentiles: tenths below, finer where the thresholds of rules lie. */
const SCORE_BUCKETS = [
  0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 1,
] as const

export const METRICS = {
  stageDuration: {
    type: 'histogram',
    name: 'paysentry_stage_duration_seconds',
    help: 'Time that one stage took for one batch, in seconds',
    labels: ['stage'],
    buckets: STAGE_BUCKETS,
  },
  batchRecords: {
    type: 'histogram',
    name: 'paysentry_batch_records',
    help: 'Records worked on together, in one batch',
    labels: [],
    buckets: BATCH_BUCKETS,
  },
  events: {
    type: 'counter',
    name: 'paysentry_events_total',
    help: 'Messages finished, by topic and by what became of them: decided, labelled or rejected',
    labels: ['topic', 'outcome'],
  },
  decisions: {
    type: 'counter',
    name: 'paysentry_decisions_total',
    help: 'Decisions published, by action',
    labels: ['action'],
  },
  decisionLatency: {
    type: 'histogram',
    name: 'paysentry_decision_latency_seconds',
    help: 'Time from the broker timestamp of an event to its committed decision, in seconds',
    labels: [],
    buckets: LATENCY_BUCKETS,
  },
  processingLatency: {
    type: 'histogram',
    name: 'paysentry_processing_latency_seconds',
    help: 'Time from the arrival of an event in this process to its committed decision, in seconds',
    labels: [],
    buckets: LATENCY_BUCKETS,
  },
  rulesFired: {
    type: 'counter',
    name: 'paysentry_rules_fired_total',
    help: 'Times that a rule fired, by rule and by mode: shadow, canary or live',
    labels: ['rule', 'mode'],
  },
  rejected: {
    type: 'counter',
    name: 'paysentry_rejected_total',
    help: 'Messages that became dead letters, by error code',
    labels: ['code'],
  },
  alerts: {
    type: 'counter',
    name: 'paysentry_alerts_total',
    help: 'Alerts published',
    labels: [],
  },
  score: {
    type: 'histogram',
    name: 'paysentry_score',
    help: 'Published scores: percentiles of the calibration span, from 0 to 1',
    labels: [],
    buckets: SCORE_BUCKETS,
  },
  challengerScore: {
    type: 'histogram',
    name: 'paysentry_challenger_score',
    help: 'Scores of the challenger for the same payments: percentiles of its own calibration span, from 0 to 1',
    labels: [],
    buckets: SCORE_BUCKETS,
  },
  challengerDisagreements: {
    type: 'counter',
    name: 'paysentry_challenger_disagreements_total',
    help: 'Payments that one model scored from the threshold on and the other below it, by threshold and by which one scored higher: champion or challenger',
    labels: ['threshold', 'higher'],
  },
  challengerFailures: {
    type: 'counter',
    name: 'paysentry_challenger_failures_total',
    help: 'Payments that the challenger could not score; their decisions were made all the same',
    labels: [],
  },
  modelPsi: {
    type: 'gauge',
    name: 'paysentry_model_psi',
    help: 'Population stability index of a feature: how far its values within model.driftWindowMs are from those that the model learned from; from 0.1 on they moved, from 0.25 on far',
    labels: ['feature'],
  },
  modelScorePsi: {
    type: 'gauge',
    name: 'paysentry_model_score_psi',
    help: 'The same for the score: how far its distribution is from that of the calibration span',
    labels: [],
  },
  modelDriftPayments: {
    type: 'gauge',
    name: 'paysentry_model_drift_payments',
    help: 'Payments that the indexes are computed from: a sample of those within model.driftWindowMs',
    labels: [],
  },
  modelDriftFilled: {
    type: 'gauge',
    name: 'paysentry_model_drift_filled_ratio',
    help: 'Part of model.driftWindowMs that has passed since this model began to score in this process, from 0 to 1',
    labels: [],
  },
  modelRefused: {
    type: 'gauge',
    name: 'paysentry_model_refused',
    help: '1 while the model that was promoted last was refused and the one before it decides, else 0; by role: champion or challenger',
    labels: ['role'],
  },
  modelSwitches: {
    type: 'counter',
    name: 'paysentry_model_switches_total',
    help: 'Attempts to take another model, by role (champion or challenger) and by what became of them: taken, same or refused',
    labels: ['role', 'outcome'],
  },
  degraded: {
    type: 'counter',
    name: 'paysentry_degraded_total',
    help: 'Decisions that had to do without something, by kind of what was missing',
    labels: ['what'],
  },
  consumerLag: {
    type: 'gauge',
    name: 'paysentry_consumer_lag_records',
    help: 'Records of the partition that waited behind the newest batch when it was fetched',
    labels: ['topic', 'partition'],
  },
  deadlineMisses: {
    type: 'counter',
    name: 'paysentry_deadline_misses_total',
    help: 'Decisions made later than deadline.ms after the broker timestamp of their event',
    labels: [],
  },
  overloadLevel: {
    type: 'gauge',
    name: 'paysentry_overload_level',
    help: 'How far labels give way because events wait too long: 0 not at all, n to one batch in 2^n',
    labels: [],
  },
  overloads: {
    type: 'counter',
    name: 'paysentry_overloads_total',
    help: 'Times that labels began to give way',
    labels: [],
  },
  assignedPartitions: {
    type: 'gauge',
    name: 'paysentry_assigned_partitions',
    help: 'Partitions that the consumer group has given to this process, of events and labels',
    labels: [],
  },
  pausedPartitions: {
    type: 'gauge',
    name: 'paysentry_paused_partitions',
    help: 'Assigned partitions that are not read now, so that others go first',
    labels: [],
  },
  inFlightBytes: {
    type: 'gauge',
    name: 'paysentry_in_flight_bytes',
    help: 'Bytes that were read from the log and are not worked through, at most',
    labels: [],
  },
  rebalanceDuration: {
    type: 'histogram',
    name: 'paysentry_rebalance_duration_seconds',
    help: 'Time that each join of the consumer group took, in which this process read nothing, in seconds',
    labels: [],
    buckets: STAGE_BUCKETS,
  },
  eventLoopStalls: {
    type: 'counter',
    name: 'paysentry_event_loop_stalls_total',
    help: 'Times that the process stood still for more than half of kafka.sessionTimeoutMs',
    labels: [],
  },
  retries: {
    type: 'counter',
    name: 'paysentry_retries_total',
    help: 'Batches that were done again because Redis or Kafka did not answer, by error code',
    labels: ['code'],
  },
  cacheBytes: {
    type: 'gauge',
    name: 'paysentry_journal_cache_bytes',
    help: 'Memory taken by cached journals, in bytes',
    labels: [],
  },
  cacheLimitBytes: {
    type: 'gauge',
    name: 'paysentry_journal_cache_limit_bytes',
    help: 'Memory that cached journals may take, in bytes (velocity.cacheBytes)',
    labels: [],
  },
  cacheEntries: {
    type: 'gauge',
    name: 'paysentry_journal_cache_entries',
    help: 'Journals in the cache',
    labels: [],
  },
  cacheEvictions: {
    type: 'counter',
    name: 'paysentry_journal_cache_evictions_total',
    help: 'Journals that left the cache to make room for others',
    labels: [],
  },
  coalescedJournals: {
    type: 'counter',
    name: 'paysentry_journals_coalesced_total',
    help: 'Journals whose oldest records were replaced by buckets',
    labels: [],
  },
  coalescedRecords: {
    type: 'counter',
    name: 'paysentry_journal_records_coalesced_total',
    help: 'Records that were replaced by buckets',
    labels: [],
  },
  coalesceFailures: {
    type: 'counter',
    name: 'paysentry_coalesce_failures_total',
    help: 'Journals that could not be coalesced; they are tried again when they have grown',
    labels: [],
  },
  storeRoundTrip: {
    type: 'histogram',
    name: 'paysentry_store_round_trip_seconds',
    help: 'Time of one call to the journal store, in seconds',
    labels: [],
    buckets: STAGE_BUCKETS,
  },
  unjournaled: {
    type: 'gauge',
    name: 'paysentry_unjournaled_records',
    help: 'Records decided without journals that are not journaled yet, at most, over the partitions that this process knows of',
    labels: [],
  },
  journalsLost: {
    type: 'gauge',
    name: 'paysentry_journals_lost',
    help: '1 while Redis has lost journals that were neither rebuilt nor accepted as they are, else 0',
    labels: [],
  },
  journalEdition: {
    type: 'gauge',
    name: 'paysentry_journal_edition',
    help: 'Edition of the journals that is in force; a rebuild makes the next one',
    labels: [],
  },
  buildInfo: {
    type: 'gauge',
    name: 'paysentry_build_info',
    help: 'Always 1; the labels say which version, rule set, model and challenger are running',
    labels: ['version', 'rule_set', 'model', 'challenger'],
  },
  rulesRefused: {
    type: 'gauge',
    name: 'paysentry_rules_refused',
    help: '1 while the newest rule set was refused and the one before it decides, else 0',
    labels: [],
  },
  ruleSwitches: {
    type: 'counter',
    name: 'paysentry_rule_switches_total',
    help: 'Attempts to take another rule set, by what became of them: taken, same or refused',
    labels: ['outcome'],
  },
  rulesDemoted: {
    type: 'gauge',
    name: 'paysentry_rules_demoted',
    help: 'Rules that the breaker has put into shadow',
    labels: [],
  },
  listEntries: {
    type: 'gauge',
    name: 'paysentry_list_entries',
    help: 'Entries of all lists, expired ones included',
    labels: [],
  },
  controlUnreadable: {
    type: 'counter',
    name: 'paysentry_control_unreadable_total',
    help: 'Records of the control topic that this version cannot read; they change nothing',
    labels: [],
  },
  ready: {
    type: 'gauge',
    name: 'paysentry_ready',
    help: '1 while every readiness check passes, else 0',
    labels: [],
  },
} as const satisfies Record<string, MetricDeclaration>

export type MetricDeclaration =
  | { type: 'counter' | 'gauge'; name: string; help: string; labels: readonly string[] }
  | { type: 'histogram'; name: string; help: string; labels: readonly string[]; buckets: readonly number[] }
