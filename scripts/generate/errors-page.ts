// docs/errors.md: every code of src/errors.ts, what happens after it, and what a person does about it.
import { type Disposition, ERRORS, type ErrorCode } from '../../src/errors.ts'
import { failuresSection } from './failures-table.ts'

const DISPOSITIONS: Readonly<Record<Disposition, string>> = {
  reject:
    'The message becomes a dead letter with the reason in its `paysentry.error.*` headers, and the rest of the batch is decided.',
  degrade:
    'Something that a decision needs is missing. The settings `degrade.*` say what decides without it; the decision names what was missing in `degraded`. With `wait`, and where there is no Kafka, the batch is done again after a pause.',
  retry:
    'Nothing was published and no offset moved. The batch is done again after a pause, until it succeeds.',
  abandon: 'The partition belongs to another processor now, which does the batch again. Nothing is lost.',
  fatal: 'The process ends with a code other than zero, and its supervisor restarts it.',
}

const REMEDIES: Readonly<Record<ErrorCode, string>> = {
  MESSAGE_EMPTY: 'Publish the event as the value of the record. Tombstones mean nothing on these topics.',
  MESSAGE_TOO_LARGE: 'Publish less with each event, or raise `limits.maxMessageBytes`.',
  MESSAGE_NOT_JSON:
    'Publish one JSON object in UTF-8 a record. The message says where the text stops being JSON.',
  EVENT_INVALID: 'Mend the field that the message names. `docs/contracts` holds the schemas.',
  EVENT_TIME_IMPOSSIBLE:
    'Publish the time of the event as RFC 3339: an instant that exists, in 2000 or later.',
  EVENT_FROM_FUTURE:
    "Set the publisher's clock right; or raise `velocity.maxFutureSkewMs`. One such event would make all later ones of its entities late.",
  CURRENCY_UNKNOWN: 'Publish an active ISO 4217 code, and XXX where no money moves.',
  RATE_MISSING:
    'Add the rate to the file that `money.ratesFile` names, restart, and publish the message again; or set `money.missingRate` to `unknown` or `review`.',
  CARD_NUMBER_IN_CLEAR:
    'Publish a token in place of the card number, and treat the topic that held it as exposed. An identifier that only looks like a card number passes with a letter between its digits, or in a field that is declared to hold numbers (docs/contracts).',
  MESSAGE_KILLS_PROCESS:
    'Find out what died: the message stands in the topic that the dead letter names. It was tried `limits.maxTries` times alone. Send it again when the cause is mended.',
  STORE_UNAVAILABLE:
    'Bring Redis back, or the network to it. What was decided without journals meanwhile is journaled then; `paysentry_unjournaled_records` falls to 0.',
  STORE_LATE:
    'Look at the latency and the CPU of Redis, or raise `deadline.ms`. The decision says `deadline` besides `journals`; the journals are completed afterwards.',
  MODEL_FAILED:
    'Payments are decided by rules alone. See the cause in the log; put the files of the model version back, or set `model.version` to another one.',
  MODEL_SLOW:
    'Payments are decided by rules alone for ten seconds at a time. Look at the CPU of the processor and at the last promotion of a model: `paysentry models rollback`, or raise `deadline.ms`.',
  LOG_UNAVAILABLE: 'Bring Kafka back, or the network to it. Deciding goes on where it stopped.',
  PARTITION_LOST:
    'Nothing, as long as it is rare: it comes with every rebalance. Often: raise `kafka.sessionTimeoutMs`.',
  CONFIG_INVALID: 'Mend every problem that is listed, in the file or the environment.',
  BUNDLE_REFUSED:
    'Look at `paysentry rules status`. Publish the rule set again with a key of `rules.publicKeys` and the same version of paysentry, or go back with `paysentry rules rollback --key FILE`. While running, the rule set before goes on deciding; at a start the process ends.',
  RULES_INVALID: 'Mend every problem that is listed; `paysentry rules check` finds them before a start.',
  MODEL_INVALID: 'Put the files of the model version back, or set `model.version` to another one.',
  RATES_INVALID: 'Mend every problem that is listed in the file that `money.ratesFile` names.',
  REBUILD_ENDED:
    'Nothing was switched: the journals in force are as they were. Do what the message says, and start the rebuild again.',
  RECORDING_INVALID:
    'Give a file of JSON Lines, as `paysentry simulate --to FILE` writes them; mend or remove the line that is named.',
  STORE_INCOMPATIBLE:
    'Use Redis 7.0 or later, with functions allowed to the user of `redis.url`; set `redis.cluster` where the address leads to a cluster, and only there.',
  TOPIC_MISSING: 'Create the topics: `paysentry topics create`.',
  CONSUMER_STOPPED: 'See the cause in the log. The supervisor restarts the process.',
  STOP_FORCED:
    'Nothing: what was not committed is done again by the next owner. Often: raise `shutdown.deadlineMs`, and the time that the supervisor gives.',
  UNEXPECTED: 'Report it with the log line, which holds the cause. Nothing of the batch was committed.',
}

/** The page, as Markdown. */
export function errorsPage(): string {
  const codes: ErrorCode[] = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS)
  const sections = Object.entries(DISPOSITIONS).map(([disposition, meaning]) => {
    const rows = codes
      .filter((code) => ERRORS[code].disposition === disposition)
      .map((code) => `| \`${code}\` | ${ERRORS[code].message} | ${REMEDIES[code]} |\n`)
    return `## ${disposition}\n\n${meaning}\n\n| Code | Meaning | What to do |\n| --- | --- | --- |\n${rows.join('')}`
  })
  return `<!-- Generated by \`node scripts/generate.ts\` from src/errors.ts; change that. -->\n\n# Errors\n\nEvery error of paysentry has one of these codes, in logs, metrics and dead letters. Codes are stable.\n\n${sections.join('\n')}\n${failuresSection()}`
}
