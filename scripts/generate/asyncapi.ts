// The AsyncAPI 3.0 document: every topic with its key, headers and messages, in one file without references to others.
import { stringify } from 'yaml'
import { ERRORS } from '../../src/errors.ts'
import { HEADERS, TOPICS, type TopicRole } from '../../src/log/topics.ts'
import { STAGES } from '../../src/batch.ts'
import { CONTRACTS, type Contract, schemaBody } from './json-schema.ts'

const EVENT_KEY =
  "The payer's account, else the card's or wallet's token, else the customer, so that one payer's messages stay in order"

/** Quoted, because readers of YAML 1.1 take plain times for dates and plain words such as `no` for booleans. */
const YAML = {
  lineWidth: 0,
  aliasDuplicateObjects: false,
  defaultStringType: 'QUOTE_DOUBLE',
  defaultKeyType: 'PLAIN',
} as const
const SOURCE = 'Where the message that caused it stands: `<topic>/<partition>/<offset>`'
const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more })

const DECISION_HEADERS = {
  type: 'object',
  properties: {
    [HEADERS.source]: text(SOURCE),
    [HEADERS.deadlineMissedBy]: text(
      'Only on what came later than deadline.ms after the broker timestamp of its event: milliseconds too late',
      { pattern: '^[0-9]+$' },
    ),
    [HEADERS.decidedAt]: text('When the decision was made, epoch milliseconds', { pattern: '^[0-9]+$' }),
    [HEADERS.processor]: text('The processor that made it (kafka.clientId)'),
  },
  required: [HEADERS.source, HEADERS.decidedAt, HEADERS.processor],
}
const DECISION_HEADERS_EXAMPLE = {
  [HEADERS.source]: 'payments.events/3/10482',
  [HEADERS.decidedAt]: '1772366400263',
  [HEADERS.processor]: 'paysentry',
}
const REJECT_CODES = Object.entries(ERRORS).flatMap(([code, { disposition }]) =>
  disposition === 'reject' ? [code] : [],
)
const DEAD_LETTER_HEADERS = {
  type: 'object',
  description: "The message's own headers, card numbers masked, and why it was rejected",
  properties: {
    [HEADERS.source]: text(SOURCE),
    [HEADERS.errorCode]: text('Stable code', { enum: REJECT_CODES }),
    [HEADERS.errorStage]: text('The stage that rejected it', { enum: [...STAGES] }),
    [HEADERS.errorMessage]: text('The field and the remedy'),
    [HEADERS.errorTopic]: text('Topic of the message'),
    [HEADERS.errorPartition]: text('Partition of the message', { pattern: '^[0-9]+$' }),
    [HEADERS.errorOffset]: text('Offset of the message', { pattern: '^[0-9]+$' }),
    [HEADERS.errorTime]: text('When it was rejected, RFC 3339', { format: 'date-time' }),
    [HEADERS.errorMasked]: text(
      'Parts that held card numbers: `key`, `value`, `headers`, with commas between',
    ),
    [HEADERS.replayedFrom]: text('The dead letter that this message was replayed from, if it was'),
    [HEADERS.firstSource]: text('Where a replayed message stood when it first came'),
  },
  required: [
    HEADERS.source,
    HEADERS.errorCode,
    HEADERS.errorStage,
    HEADERS.errorMessage,
    HEADERS.errorTopic,
    HEADERS.errorPartition,
    HEADERS.errorOffset,
    HEADERS.errorTime,
  ],
}
const REPLAY_MARK_HEADERS = {
  type: 'object',
  properties: { [HEADERS.replayOf]: text('The dead letter that was replayed: `<partition>/<offset>`') },
  required: [HEADERS.replayOf],
}
const DEAD_LETTER_HEADERS_EXAMPLE = {
  [HEADERS.source]: 'payments.events/3/10483',
  [HEADERS.errorCode]: 'EVENT_INVALID',
  [HEADERS.errorStage]: 'decode',
  [HEADERS.errorMessage]:
    'amount must be a whole number of minor units, such as 1999 for 19.99 EUR; found 19.99',
  [HEADERS.errorTopic]: TOPICS.events,
  [HEADERS.errorPartition]: '3',
  [HEADERS.errorOffset]: '10483',
  [HEADERS.errorTime]: '2026-03-01T12:00:00.270Z',
}

/** The whole document, as YAML. */
export function asyncApiDocument(version: string): string {
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'paysentry',
      version,
      description:
        'Payment events in, an explained decision out. Topic names carry the prefix of the setting `topics.prefix`. Values are JSON in UTF-8; fields may be added at any time.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: channels(),
    operations: {
      receiveEvents: operation('receive', 'events', 'Decides on each payment event'),
      receiveLabels: operation('receive', 'labels', 'Remembers what earlier events turned out to be'),
      sendDecisions: operation('send', 'decisions', 'One decision for each payment event'),
      sendAlerts: operation('send', 'alerts', 'An alert for each decision that is not `allow`'),
      receiveControl: operation('receive', 'control', 'Takes over lists, rule sets and demotions'),
      sendDeadLetters: operation(
        'send',
        'deadLetters',
        'Each message that cannot be decided, with the reason',
      ),
    },
    components: {
      schemas: Object.fromEntries(
        Object.values(CONTRACTS).map((contract) => [contract.name, schemaBody(contract, 'draft-7')]),
      ),
    },
  }
  const head = '# Generated by `node scripts/generate.ts` from the schemas in src; change those.\n'
  return head + stringify(document, YAML)
}

function channels(): Record<TopicRole, object> {
  const decided = { schema: DECISION_HEADERS, example: DECISION_HEADERS_EXAMPLE }
  return {
    events: channel('events', 'Payment events, in', message(CONTRACTS.event, EVENT_KEY)),
    labels: channel(
      'labels',
      'Fraud or genuine, for an earlier event, in',
      message(CONTRACTS.label, EVENT_KEY),
    ),
    decisions: channel(
      'decisions',
      'One decision for each payment event, out. The value repeats to the byte when an event is decided again.',
      message(CONTRACTS.decision, 'As the payment event', decided),
    ),
    alerts: channel(
      'alerts',
      'What a person must look at, out',
      message(CONTRACTS.alert, 'What the alert is about: `<entity type>:<pseudonym>`', decided),
    ),
    deadLetters: channel(
      'deadLetters',
      'What could not be decided, as it came, out. Card numbers are masked.',
      {
        DeadLetter: {
          title: 'Dead letter',
          headers: DEAD_LETTER_HEADERS,
          payload: { description: 'The value as it came, of whatever form; null when it had none' },
          bindings: keyBinding('As the message'),
          examples: [{ headers: DEAD_LETTER_HEADERS_EXAMPLE, payload: { id: 'evt-7f3a2d', amount: 19.99 } }],
        },
        ReplayMark: {
          title: 'Replay mark',
          summary: 'Says that a dead letter of this topic was replayed; has no value',
          headers: REPLAY_MARK_HEADERS,
          payload: { description: 'Always null' },
          bindings: keyBinding('As the dead letter'),
          examples: [{ headers: { [HEADERS.replayOf]: '3/118' }, payload: null }],
        },
      },
    ),
    control: channel(
      'control',
      'What people tell running processors: compacted, one partition, in and out. The last record with a key counts; one without a value takes it back. Of activations, promotions and withdrawals the last one that is signed counts, unless its number is lower than one before, and nothing without a value.',
      {
        ...message(CONTRACTS.listEntry, '`list/<list>/<kind>/<pseudonym, or value in percent encoding>`'),
        ...message(CONTRACTS.ruleBundle, '`ruleset/<hash of the rule set>`'),
        ...message(CONTRACTS.activation, '`activation/rules`'),
        ...message(CONTRACTS.promotion, '`model/champion` or `model/challenger`'),
        ...message(CONTRACTS.withdrawal, '`model/champion` or `model/challenger`'),
        ...message(CONTRACTS.demotion, '`breaker/<rule>`'),
        ...message(CONTRACTS.traffic, '`traffic/<processor>`'),
      },
    ),
  }
}

function channel(role: TopicRole, description: string, messages: object): object {
  return { address: TOPICS[role], description, messages }
}

interface MessageHeaders {
  readonly schema: object
  readonly example: object
}

function message(contract: Contract, key: string, headers?: MessageHeaders): object {
  const { name, example, schema } = contract
  return {
    [name]: {
      title: name,
      summary: schema.description,
      ...(headers === undefined ? {} : { headers: headers.schema }),
      payload: { $ref: `#/components/schemas/${name}` },
      bindings: keyBinding(key),
      examples: [{ ...(headers === undefined ? {} : { headers: headers.example }), payload: example }],
    },
  }
}

function keyBinding(description: string): object {
  return { kafka: { key: { type: 'string', description }, bindingVersion: '0.5.0' } }
}

function operation(action: 'send' | 'receive', role: TopicRole, summary: string): object {
  return { action, channel: { $ref: `#/channels/${role}` }, summary }
}
