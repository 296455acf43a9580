// The one home of topic and header names. Other programs depend on them: test/unit/log/topics.test.ts is golden.

export const TOPICS = {
  events: 'payments.events',
  labels: 'payments.labels',
  decisions: 'payments.decisions',
  alerts: 'payments.alerts',
  deadLetters: 'payments.dead-letters',
  control: 'paysentry.control',
} as const

export type TopicRole = keyof typeof TOPICS
/** Topic names by role; `topics.prefix` of the configuration is put before each. */
export type TopicNames = Readonly<Record<TopicRole, string>>

export function topicNames(prefix: string): TopicNames {
  return {
    events: prefix + TOPICS.events,
    labels: prefix + TOPICS.labels,
    decisions: prefix + TOPICS.decisions,
    alerts: prefix + TOPICS.alerts,
    deadLetters: prefix + TOPICS.deadLetters,
    control: prefix + TOPICS.control,
  }
}

/** Headers of what paysentry publishes. */
export const HEADERS = {
  /** On decisions, alerts and dead letters: `<topic>/<partition>/<offset>` of the message that caused it. */
  source: 'paysentry.source',
  /** On decisions: epoch milliseconds at which it was made (outside the value, which must repeat to the byte). */
  decidedAt: 'paysentry.decided-at',
  /** On decisions that came later than `deadline.ms` after the broker timestamp of their event: milliseconds too late. */
  deadlineMissedBy: 'paysentry.deadline-missed-by',
  /** On decisions: the processor (client id) that made it. */
  processor: 'paysentry.processor',
  errorCode: 'paysentry.error.code',
  errorStage: 'paysentry.error.stage',
  errorMessage: 'paysentry.error.message',
  errorTopic: 'paysentry.error.topic',
  errorPartition: 'paysentry.error.partition',
  errorOffset: 'paysentry.error.offset',
  errorTime: 'paysentry.error.time',
  /** On dead letters: which of `key`, `value` and `headers` held card numbers, with commas between; absent when none did. */
  errorMasked: 'paysentry.error.masked',
  /** On messages that were replayed: `<topic>/<partition>/<offset>` of the dead letter. */
  replayedFrom: 'paysentry.replayed-from',
  /** On messages that were replayed, and on their dead letters: where the message stood when it first came. */
  firstSource: 'paysentry.first-source',
  /** On replay marks (no value, no error headers): `<partition>/<offset>` of the dead letter that was replayed. */
  replayOf: 'paysentry.replay.of',
} as const
