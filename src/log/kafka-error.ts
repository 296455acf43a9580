// What an error of kafkajs means to us. kafkajs itself retries whatever it does not know; here the unknown is a defect.
import { AppError, type ErrorCode } from '../errors.ts'

/** Protocol errors that say: this member's share of the group is void, join again. Source: Kafka protocol, error codes. */
const LOST = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  // The group lives on; but kafkajs looks for the new coordinator only when it joins again.
  'NOT_COORDINATOR_FOR_GROUP',
  // Another producer has taken up the transactional id, which stands for the partition.
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_EPOCH',
])

/** Protocol errors that pass by themselves although kafkajs does not mark them so. */
const PASSING = new Set([
  'BROKER_NOT_AVAILABLE',
  // The producer that got these is thrown away, so the next try has a fresh one.
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  // Of transactions: the one before is still being ended; it was ended by its time-out; its id was forgotten; the
  // coordinator moved. Each time a fresh producer finds out how things stand.
  'CONCURRENT_TRANSACTIONS',
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTION_COORDINATOR_FENCED',
])

/** Errors that only the operator can mend. */
const MISCONFIGURED: Readonly<Record<string, string>> = {
  KafkaJSSASLAuthenticationError:
    'Kafka refuses the login; see kafka.saslMechanism, kafka.saslUsername, kafka.saslPassword',
  SASL_AUTHENTICATION_FAILED:
    'Kafka refuses the login; see kafka.saslMechanism, kafka.saslUsername, kafka.saslPassword',
  TOPIC_AUTHORIZATION_FAILED: 'the Kafka user lacks the right to read or write a topic',
  GROUP_AUTHORIZATION_FAILED: 'the Kafka user lacks the right to use the group kafka.groupId',
  CLUSTER_AUTHORIZATION_FAILED: 'the Kafka user lacks a right on the cluster (IdempotentWrite for producing)',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    'the Kafka user lacks the right to write transactions under ids that begin with kafka.groupId',
  MESSAGE_TOO_LARGE:
    'a topic that paysentry writes has a max.message.bytes below what "paysentry topics create" gives it',
  RECORD_LIST_TOO_LARGE:
    'a topic that paysentry writes has a max.message.bytes below what "paysentry topics create" gives it',
}

/** kafkajs errors of connections, time-outs and metadata that is not there yet. */
const UNREACHABLE = new Set([
  // Bare, it is thrown for a join that a further rebalance cut short, for a partition without leader, for a producer
  // that is not connected: kafkajs 2.2.4 has no other use of it.
  'KafkaJSError',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSStaleTopicMetadataAssignment',
  'KafkaJSLockTimeout',
])

/** The protocol's name of an error anywhere in the chain of causes, e.g. `REBALANCE_IN_PROGRESS`; null for others. */
export function protocolErrorType(thrown: unknown): string | null {
  for (const error of causes(thrown)) {
    if ('type' in error && typeof error.type === 'string') return error.type
  }
  return null
}

/** A thrown value of kafkajs as an `AppError`; `doing` says what was under way, e.g. `commit of payments.events/3`. */
export function kafkaError(thrown: unknown, doing: string): AppError {
  if (thrown instanceof AppError) return thrown
  const chain = causes(thrown)
  const root = chain.at(-1)
  const message = root === undefined ? String(thrown) : root.message
  for (const error of chain.toReversed()) {
    const type = 'type' in error && typeof error.type === 'string' ? error.type : error.name
    const hint = MISCONFIGURED[type]
    if (hint !== undefined)
      return new AppError('CONFIG_INVALID', `${doing}: ${hint} (${message})`, { cause: thrown })
    const code = codeOf(error, type)
    if (code === 'TOPIC_MISSING') {
      return new AppError(code, `${doing}: ${message}. Create it with "paysentry topics create"`, {
        cause: thrown,
      })
    }
    if (code !== null) return new AppError(code, `${doing}: ${message}`, { cause: thrown })
  }
  return new AppError('UNEXPECTED', `${doing}: ${message}`, { cause: thrown })
}

/**
 * As `kafkaError`, for what was thrown by a client that only sends requests: there a plain `Error` is a connection that broke between
 * being found and being used. kafkajs 2.2.4 gives it no class and no name; its other uses of one come with the first request or never.
 */
export function requestError(thrown: unknown, doing: string): AppError {
  const error = kafkaError(thrown, doing)
  const root = causes(thrown).at(-1)
  const isPlain = root !== undefined && Object.getPrototypeOf(root) === Error.prototype && !('code' in root)
  return error.code === 'UNEXPECTED' && isPlain && root.name === 'Error'
    ? new AppError('LOG_UNAVAILABLE', `${doing}: ${root.message}`, { cause: thrown })
    : error
}

/** True for what another try, or joining again, mends. */
export function isPassing(error: Error): boolean {
  const { disposition } = kafkaError(error, '')
  return disposition === 'retry' || disposition === 'abandon'
}

function codeOf(error: Error, type: string): ErrorCode | null {
  if (LOST.has(type)) return 'PARTITION_LOST'
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return 'TOPIC_MISSING'
  if (UNREACHABLE.has(type) || PASSING.has(type)) return 'LOG_UNAVAILABLE'
  const ofProtocol = 'type' in error && 'retriable' in error
  return ofProtocol && error.retriable === true ? 'LOG_UNAVAILABLE' : null
}

/** The error, its cause, the cause of that …, outermost first. */
function causes(thrown: unknown): Error[] {
  const chain: Error[] = []
  for (let error = thrown; error instanceof Error && !chain.includes(error); error = error.cause)
    chain.push(error)
  return chain
}
