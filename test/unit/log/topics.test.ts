// Golden: other programs read and write these topics and headers, so a change here breaks them.
import { describe, expect, it } from 'vitest'
import { HEADERS, TOPICS, topicNames } from '../../../src/log/topics.ts'

describe('the names that other programs depend on', () => {
  it('are these topics', () => {
    expect(TOPICS).toEqual({
      events: 'payments.events',
      labels: 'payments.labels',
      decisions: 'payments.decisions',
      alerts: 'payments.alerts',
      deadLetters: 'payments.dead-letters',
      control: 'paysentry.control',
    })
  })

  it('are these headers', () => {
    expect(HEADERS).toEqual({
      source: 'paysentry.source',
      decidedAt: 'paysentry.decided-at',
      deadlineMissedBy: 'paysentry.deadline-missed-by',
      processor: 'paysentry.processor',
      errorCode: 'paysentry.error.code',
      errorStage: 'paysentry.error.stage',
      errorMessage: 'paysentry.error.message',
      errorTopic: 'paysentry.error.topic',
      errorPartition: 'paysentry.error.partition',
      errorOffset: 'paysentry.error.offset',
      errorTime: 'paysentry.error.time',
      errorMasked: 'paysentry.error.masked',
      replayedFrom: 'paysentry.replayed-from',
      firstSource: 'paysentry.first-source',
      replayOf: 'paysentry.replay.of',
    })
  })

  it('carry the prefix of topics.prefix, every one', () => {
    expect(topicNames('')).toEqual(TOPICS)
    const names = Object.entries(topicNames('eu.'))
    expect(names).toEqual(Object.entries(TOPICS).map(([role, name]) => [role, `eu.${name}`]))
  })
})
