import {
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { kafkaError, protocolErrorType, requestError } from '../../../src/log/kafka-error.ts'

const protocol = (type: string, retriable: boolean) =>
  Object.assign(new KafkaJSProtocolError(new Error(`about ${type}`)), { type, retriable })
const codeOf = (thrown: unknown) => kafkaError(thrown, 'commit of payments.events/3').code

describe('what an error of kafkajs means', () => {
  it.each(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'])(
    '%s: another processor has the partition',
    (type) => {
      expect(codeOf(protocol(type, false))).toBe('PARTITION_LOST')
    },
  )

  it.each([
    'CONCURRENT_TRANSACTIONS',
    'INVALID_TXN_STATE',
    'INVALID_PRODUCER_ID_MAPPING',
    'TRANSACTION_COORDINATOR_FENCED',
  ])('%s: a fresh producer finds out how the transaction stands', (type) => {
    expect(codeOf(protocol(type, false))).toBe('LOG_UNAVAILABLE')
  })

  it.each(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'NOT_COORDINATOR_FOR_GROUP'])(
    '%s: the partition is lost, however deep it is wrapped',
    (type) => {
      const error = protocol(type, type === 'NOT_COORDINATOR_FOR_GROUP')
      expect(codeOf(error)).toBe('PARTITION_LOST')
      expect(codeOf(Object.assign(new KafkaJSNonRetriableError(error.message), { cause: error }))).toBe(
        'PARTITION_LOST',
      )
      expect(protocolErrorType(new Error('outer', { cause: error }))).toBe(type)
    },
  )

  it('a connection or a retriable protocol error: Kafka does not answer', () => {
    expect(codeOf(new KafkaJSConnectionError('connect ECONNREFUSED'))).toBe('LOG_UNAVAILABLE')
    expect(codeOf(protocol('NOT_ENOUGH_REPLICAS', true))).toBe('LOG_UNAVAILABLE')
    const exceeded = new KafkaJSNumberOfRetriesExceeded(protocol('REQUEST_TIMED_OUT', true), {
      retryCount: 4,
      retryTime: 1,
    })
    expect(codeOf(exceeded)).toBe('LOG_UNAVAILABLE')
  })

  it.each([
    ['a disk that is full or broken', 'KAFKA_STORAGE_ERROR'],
    ['a leader that moves', 'NOT_LEADER_FOR_PARTITION'],
    ['a partition without leader', 'LEADER_NOT_AVAILABLE'],
    ['too few in-sync replicas', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'],
    ['a coordinator that is loading', 'GROUP_LOAD_IN_PROGRESS'],
  ])('%s passes by itself: the batch is tried again', (_what, type) => {
    // As kafkajs marks them.
    expect(codeOf(protocol(type, true))).toBe('LOG_UNAVAILABLE')
  })

  it('an unknown error is a defect, also where kafkajs has retried it', () => {
    expect(codeOf(new Error('what is this'))).toBe('UNEXPECTED')
    expect(codeOf('not even an error')).toBe('UNEXPECTED')
    expect(codeOf(protocol('INVALID_RECORD', false))).toBe('UNEXPECTED')
    const exceeded = new KafkaJSNumberOfRetriesExceeded(new Error('incorrect header check'), {
      retryCount: 4,
      retryTime: 1,
    })
    expect(codeOf(exceeded)).toBe('UNEXPECTED')
  })

  it('a plain error is a lost connection where only requests are sent, and all else means the same there', () => {
    // What kafkajs throws at a broker that it has found and is not connected to.
    expect(requestError(new Error('Broker not connected'), 'x').code).toBe('LOG_UNAVAILABLE')
    expect(requestError(new TypeError('x is not a function'), 'x').code).toBe('UNEXPECTED')
    expect(requestError(Object.assign(new Error('header'), { code: 'Z_DATA_ERROR' }), 'x').code).toBe(
      'UNEXPECTED',
    )
    expect(requestError(protocol('INVALID_RECORD', false), 'x').code).toBe('UNEXPECTED')
    expect(requestError(protocol('PRODUCER_FENCED', false), 'x').code).toBe('PARTITION_LOST')
  })

  it('a refused login or right is the configuration, and says which', () => {
    expect(kafkaError(protocol('TOPIC_AUTHORIZATION_FAILED', false), 'fetch')).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('lacks the right to read or write a topic'),
    })
  })

  it('keeps the cause and what was under way, and passes on errors of ours', () => {
    const cause = protocol('UNKNOWN_TOPIC_OR_PARTITION', true)
    expect(kafkaError(cause, 'write to payments.alerts')).toMatchObject({
      code: 'TOPIC_MISSING',
      cause,
      message: expect.stringContaining('write to payments.alerts'),
    })
    const ours = new AppError('STORE_UNAVAILABLE', 'x')
    expect(kafkaError(ours, 'y')).toBe(ours)
  })
})
