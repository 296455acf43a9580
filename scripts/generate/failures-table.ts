// The part of docs/errors.md that begins with what a person sees failing: its code, what happens meanwhile, and the test that shows it.
import { ERRORS, type ErrorCode } from '../../src/errors.ts'

export interface Failure {
  readonly what: string
  readonly codes: readonly ErrorCode[]
  readonly meanwhile: string
  /** Files that inject it into real processes. */
  readonly tests: readonly string[]
}

const POLICY = '`degrade.journals` decides; what was not journaled is journaled afterwards'

export const FAILURES: readonly Failure[] = [
  {
    what: 'Redis is gone, or cut off from one processor',
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: POLICY,
    tests: [
      'test/e2e/redis-away.test.ts',
      'test/integration/velocity-redis.test.ts',
      'test/faults/inject.ts',
    ],
  },
  {
    what: 'Redis is slow',
    codes: ['STORE_LATE'],
    meanwhile: `After 60 % of \`deadline.ms\`, in a backlog after all of it, ${POLICY}`,
    tests: ['test/integration/failures-redis.test.ts', 'test/unit/fallback.test.ts'],
  },
  {
    what: 'Redis stands still',
    codes: ['STORE_LATE', 'STORE_UNAVAILABLE'],
    meanwhile: `A batch waits as when Redis is slow, and once a ping stays unanswered none waits; ${POLICY}`,
    tests: ['test/integration/failures-redis.test.ts', 'test/unit/fallback.test.ts', 'test/faults/inject.ts'],
  },
  {
    what: 'Redis is killed and started again with its append-only file',
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: `${POLICY}; every record that Redis acknowledged is there again`,
    tests: ['test/integration/velocity-restart.test.ts', 'test/faults/inject.ts'],
  },
  {
    what: 'Redis is out of memory (`OOM`)',
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: POLICY,
    tests: ['test/integration/failures-redis.test.ts'],
  },
  {
    what: "Redis's disk is full (`MISCONF`)",
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: POLICY,
    tests: ['test/integration/failures-redis.test.ts'],
  },
  {
    what: 'Redis loads its data set (`LOADING`)',
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: POLICY,
    tests: ['test/integration/failures-redis.test.ts'],
  },
  {
    what: 'Redis has become a replica (`READONLY`), or fails over to one',
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: `The connection is made anew until the address leads to a primary; ${POLICY}`,
    tests: ['test/integration/failures-redis.test.ts', 'test/integration/velocity-cluster.test.ts'],
  },
  {
    what: 'Redis holds other code under the name of the function library, or none',
    codes: ['STORE_UNAVAILABLE'],
    meanwhile: 'It is loaded again, at the next call where it is gone, else at the next connection',
    tests: ['test/integration/failures-redis.test.ts', 'test/integration/upgrade.test.ts'],
  },
  {
    what: 'Redis is too old, or refuses functions to the user (`NOPERM`)',
    codes: ['STORE_INCOMPATIBLE'],
    meanwhile: 'The process ends, exit code 2',
    tests: ['test/integration/failures-redis.test.ts'],
  },
  {
    what: 'The model throws',
    codes: ['MODEL_FAILED'],
    meanwhile: 'Rules alone decide, the payment has no score',
    tests: ['test/integration/failures-model.test.ts'],
  },
  {
    what: 'The model is too slow for `deadline.ms`',
    codes: ['MODEL_SLOW'],
    meanwhile: 'Rules alone decide for ten seconds, then it is tried again',
    tests: ['test/integration/failures-model.test.ts', 'test/unit/model-watch.test.ts'],
  },
  {
    what: 'Kafka is gone, stands still, or is cut off from one processor',
    codes: ['LOG_UNAVAILABLE', 'PARTITION_LOST'],
    meanwhile: 'The batch in hand is done again until Kafka takes it, here or at the next owner',
    tests: [
      'test/integration/log-failures.test.ts',
      'test/integration/log-outage.test.ts',
      'test/integration/log-coordinator.test.ts',
      'test/faults/inject.ts',
    ],
  },
  {
    what: 'The leader of a partition moves, or the coordinator of the group',
    codes: ['LOG_UNAVAILABLE', 'PARTITION_LOST'],
    meanwhile: 'The batch in hand is done again under the new one',
    tests: ['test/integration/failures-kafka.test.ts'],
  },
  {
    what: "A broker's disk is full",
    codes: ['LOG_UNAVAILABLE'],
    meanwhile: 'Nothing more is taken and no offset moves; what was acknowledged stays',
    tests: ['test/integration/failures-kafka.test.ts'],
  },
  {
    what: 'A topic is missing, or is deleted while it is in use',
    codes: ['TOPIC_MISSING'],
    meanwhile: 'The process ends, exit code 2',
    tests: ['test/integration/log-failures.test.ts', 'test/integration/failures-kafka.test.ts'],
  },
  {
    what: 'A processor dies or stands still, at whatever point',
    codes: ['PARTITION_LOST'],
    meanwhile: 'The next owner does its batch again; who wakes up publishes nothing more for it',
    tests: ['test/faults/inject.ts', 'test/integration/log-rebalance.test.ts'],
  },
]

/** A section of Markdown. */
export function failuresSection(): string {
  const rows = FAILURES.map(({ what, codes, meanwhile, tests }) => {
    const named = codes.map((code) => `\`${code}\` (${ERRORS[code].disposition})`).join(', ')
    const links = tests.map((file) => `[${file.split('/').at(-1)}](../${file})`).join(', ')
    return `| ${what} | ${named} | ${meanwhile} | ${links} |\n`
  })
  return `## What fails, and what happens then\n\nEach of these is done to real processes by the tests that are named.\n\n| What fails | Code | Meanwhile | Shown by |\n| --- | --- | --- | --- |\n${rows.join('')}`
}
