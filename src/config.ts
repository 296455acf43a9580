// One schema for the whole configuration: file (YAML) and environment → one frozen object.
// Every problem is reported at once, before anything is started. README's table is generated from this schema.
import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { AppError } from './errors.ts'
import { suggestion } from './nearest.ts'
import { MISSING_RATE_POLICIES } from './payment/rates.ts'

const SECRET = { secret: true }
const ENV_PREFIX = 'PAYSENTRY_'
/** Names with the prefix that mean something else: the configuration file, and addresses for tests. */
const NO_SETTING = /^PAYSENTRY_(CONFIG$|TEST_)/

// Values come as YAML scalars from the file and as strings from the environment; both are accepted everywhere.
const text = () => z.union([z.string(), z.number().transform(String)], 'must be a text')
const int = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.int(`must be a whole number from ${min} to ${max}`).min(min).max(max),
  )
const fraction = () =>
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.number('must be a number from 0 to 1').min(0).max(1),
  )
const flag = () =>
  z.union(
    [z.boolean(), z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] })],
    'must be true or false',
  )
const list = () =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value),
    z.array(z.string().min(1), 'must be a list, or in the environment names with commas between'),
  )

export const configSchema = z.strictObject({
  kafka: z.strictObject({
    brokers: list().default([]).describe('Bootstrap brokers, `host:port`. Empty: the in-process log'),
    clientId: text().default('paysentry').describe('Client id; also the processor name on decisions'),
    groupId: text().default('paysentry').describe('Consumer group'),
    delivery: z
      .enum(['at-least-once', 'exactly-once'])
      .default('at-least-once')
      .describe('`at-least-once`, or `exactly-once` for read-committed consumers'),
    ssl: flag().default(false).describe('TLS to the brokers'),
    saslMechanism: z
      .enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512'])
      .default('none')
      .describe('`none`, `plain`, `scram-sha-256` or `scram-sha-512`'),
    saslUsername: text().default('').describe('SASL user'),
    saslPassword: text().default('').meta(SECRET).describe('SASL password'),
    sessionTimeoutMs: int(6_000, 300_000)
      .default(30_000)
      .describe('A processor silent for this long loses its partitions'),
  }),
  topics: z.strictObject({
    prefix: text().default('').describe('Put before every topic name'),
    partitions: int(1, 1_000).default(12).describe('Partitions that `topics create` gives a topic'),
    replicationFactor: int(1, 9).default(3).describe('Replicas that `topics create` gives a topic'),
  }),
  redis: z.strictObject({
    url: text()
      .default('')
      .meta(SECRET)
      .describe(
        '`redis://[user:password@]host:port[/db]`, `rediss://` for TLS; of a cluster some of its nodes, with commas between. Empty: journals in memory',
      ),
    cluster: flag().default(false).describe('The address leads to a Redis Cluster'),
    waitReplicas: int(0, 5)
      .default(0)
      .describe(
        'Replicas that have the records of a batch before its decisions are published. 0 does not wait: a failover can lose the last moments',
      ),
    keyPrefix: text().default('ps:').describe('Put before every key'),
    commandTimeoutMs: int(10, 60_000).default(2_000).describe('A call that takes longer has failed'),
  }),
  velocity: z.strictObject({
    maxFutureSkewMs: int(0, 86_400_000)
      .default(300_000)
      .describe('An event this far ahead of its broker timestamp is rejected'),
    retentionMs: int(3_600_000, 34_560_000_000)
      .default(3_024_000_000)
      .describe(
        'A journal without a record for this long expires (default 35 days); the longest window allowed',
      ),
    exactHorizonMs: int(60_000, 34_560_000_000)
      .default(86_400_000)
      .describe(
        'Windows up to this long are exact to the millisecond; the older edge of a longer one is rounded by at most 1 % of its age',
      ),
    allowedLatenessMs: int(60_000, 34_560_000_000)
      .default(86_400_000)
      .describe(
        'An event that comes this far behind the newest one of its entity is decided without its windows',
      ),
    maxJournalBytes: int(1_048_576, 536_870_912)
      .default(134_217_728)
      .describe('A journal in Redis that is longer takes no more records until it is coalesced'),
    cacheBytes: int(1_048_576, 68_719_476_736)
      .default(134_217_728)
      .describe(
        'Memory for journals cached in the processor; at most 64 MiB when all journals are in it anyway',
      ),
  }),
  batch: z.strictObject({
    maxRecords: int(1, 10_000).default(256).describe('Most records worked on together'),
    concurrentPartitions: int(1, 64).default(4).describe('Partitions worked on at the same time'),
  }),
  limits: z.strictObject({
    maxMessageBytes: int(1_024, 16_777_216)
      .default(262_144)
      .describe('A larger message becomes a dead letter'),
    maxTries: int(1, 20)
      .default(3)
      .describe('A message that ended the process this often, worked on alone, becomes a dead letter'),
  }),
  deadline: z.strictObject({
    ms: int(10, 60_000)
      .default(250)
      .describe(
        'Time from the broker timestamp of an event to its decision. Redis must answer within 60 % of it, else degrade.journals decides',
      ),
  }),
  degrade: z.strictObject({
    journals: z
      .enum(['wait', 'allow', 'review', 'block'])
      .default('review')
      .describe(
        'Redis is away or too slow: `wait` for it, or what becomes of a payment that no rule stops: `allow`, `review` or `block`',
      ),
    journalsChallengeFrom: int(0, 1_000_000_000)
      .default(500)
      .describe('Without journals, payments from this amount on are challenged (base currency); 0 is never'),
    journalsBlockFrom: int(0, 1_000_000_000)
      .default(0)
      .describe('Without journals, payments from this amount on are blocked (base currency); 0 is never'),
    model: z
      .enum(['without', 'wait'])
      .default('without')
      .describe('The model fails: decide `without` a score, or `wait`'),
  }),
  money: z.strictObject({
    ratesFile: text().default('rates.yaml').describe('Exchange rates to the base currency'),
    missingRate: z
      .enum(MISSING_RATE_POLICIES)
      .default('unknown')
      .describe(
        'A currency without a rate: `unknown` decides without the amount, `review` so too but at least as `review`, `reject` makes a dead letter',
      ),
  }),
  rules: z.strictObject({
    dir: text().default('rules').describe('Folder of the rule files'),
    watch: flag().default(false).describe('Loads the rules again when a file of the folder changes'),
    source: z
      .enum(['folder', 'control'])
      .default('folder')
      .describe(
        '`folder`, or `control`: the published rule set that was activated last, and the folder until there is one',
      ),
    publicKeys: list()
      .default([])
      .describe(
        'Keys that may sign published rule sets and promotions of models, as `rules keygen` prints them',
      ),
  }),
  breaker: z.strictObject({
    share: fraction()
      .default(0.05)
      .describe(
        'A live rule that challenges or blocks more than this share of all payments is put into shadow; 1 switches the breaker off',
      ),
    windowMs: int(1_000, 86_400_000).default(600_000).describe('Time over which that share is measured'),
    leastEvents: int(1, 1_000_000_000)
      .default(1_000)
      .describe('Payments within that time below which nothing is concluded'),
  }),
  model: z.strictObject({
    dir: text().default('models').describe('Folder of the model versions'),
    version: text()
      .default('current')
      .describe(
        'Version to load; `current` reads the file `current` in that folder; `none` runs without a model',
      ),
    backend: z
      .enum(['wasm', 'node'])
      .default('wasm')
      .describe('`wasm`, or `node` where @tensorflow/tfjs-node is installed; the same for every processor'),
    source: z
      .enum(['folder', 'control'])
      .default('folder')
      .describe(
        '`folder`, or `control`: the model that was promoted last decides, and `model.version` until there is one; the same for the challenger',
      ),
    challenger: text()
      .default('none')
      .describe('Version that scores every payment beside it and never acts; `none` for none'),
    driftWindowMs: int(3_600_000, 2_678_400_000)
      .default(86_400_000)
      .describe(
        'Time over which the payments are compared with what the model learned from; less than a day takes the hours for a drift',
      ),
    explainAbove: fraction().default(0.9).describe('Scores from here on carry contributions'),
  }),
  privacy: z.strictObject({
    pseudonymKey: text()
      .default('')
      .meta(SECRET)
      .describe(
        '32 hex digits, kept secret: entities are known by a hash with it. Required with Redis or Kafka',
      ),
  }),
  http: z.strictObject({
    host: text().default('0.0.0.0').describe('Address to listen on; with the in-process log always loopback'),
    port: int(0, 65_535).default(9_464).describe('Port of metrics and health; 0 takes a free one'),
  }),
  log: z.strictObject({
    level: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info')
      .describe('`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`'),
  }),
  shutdown: z.strictObject({
    deadlineMs: int(1_000, 300_000)
      .default(10_000)
      .describe('Time to finish the batches in hand when told to stop'),
  }),
})

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T
export type Config = DeepReadonly<z.infer<typeof configSchema>>

export interface ConfigEntry {
  /** `kafka.brokers` */
  readonly path: string
  /** `PAYSENTRY_KAFKA_BROKERS` */
  readonly env: string
  readonly defaultValue: unknown
  readonly description: string
  readonly secret: boolean
}

/** Every setting in schema order, for documentation, environment look-up and redaction. */
export function configEntries(): ConfigEntry[] {
  return Object.entries(configSchema.shape).flatMap(([section, schema]) =>
    Object.entries(schema.shape).map(([key, leaf]) => ({
      path: `${section}.${key}`,
      env: envName(section, key),
      defaultValue: leaf.def.defaultValue,
      description: leaf.description ?? '',
      secret: leaf.meta()?.['secret'] === true,
    })),
  )
}

export interface ConfigSource {
  /** Path of a YAML file; none if absent. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Reads, checks and freezes the configuration; the environment wins over the file. Throws CONFIG_INVALID with every problem. */
export function loadConfig(source: ConfigSource): Config {
  const problems: string[] = []
  const values = readConfigFile(source.file, problems)
  applyEnvironment(values, source.env, problems)
  for (const section of Object.keys(configSchema.shape)) values[section] ??= {}
  const parsed = configSchema.safeParse(values)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(describeIssue(issue))
  } else {
    problems.push(...crossCheck(parsed.data))
  }
  if (problems.length > 0 || !parsed.success) {
    const where = source.file === undefined ? 'the environment' : `${source.file} and the environment`
    throw new AppError('CONFIG_INVALID', `${problems.length} problem(s) in ${where}`, { problems })
  }
  return deepFreeze(parsed.data)
}

function envName(section: string, key: string): string {
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  return `${ENV_PREFIX}${snake(section)}_${snake(key)}`
}

function readConfigFile(file: string | undefined, problems: string[]): Record<string, unknown> {
  if (file === undefined) return {}
  try {
    const content: unknown = parseYaml(readFileSync(file, 'utf8')) ?? {}
    if (isRecord(content)) return content
    problems.push(`${file} must hold sections such as "kafka:", found ${typeof content}`)
  } catch (error) {
    problems.push(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  return {}
}

function applyEnvironment(
  values: Record<string, unknown>,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): void {
  const byEnv = new Map(configEntries().map((entry) => [entry.env, entry.path]))
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || NO_SETTING.test(name) || value === undefined) continue
    const path = byEnv.get(name)
    if (path === undefined) {
      problems.push(`${name} is no setting.${suggestion(name, byEnv.keys())}`)
      continue
    }
    const [section = '', key = ''] = path.split('.')
    const existing = values[section] ?? {}
    if (isRecord(existing)) values[section] = { ...existing, [key]: value }
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return `${path} ${issue.message}`
  const known = configEntries().map((entry) => entry.path)
  return issue.keys
    .map((key) => {
      const full = path === '' ? key : `${path}.${key}`
      const candidates = path === '' ? Object.keys(configSchema.shape) : known
      return `${full} is no setting.${suggestion(full, candidates)}`
    })
    .join('; ')
}

function crossCheck(config: z.infer<typeof configSchema>): string[] {
  const problems: string[] = []
  const key = config.privacy.pseudonymKey
  const external = config.kafka.brokers.length > 0 || config.redis.url !== ''
  if (key === '' && external) {
    problems.push(
      'privacy.pseudonymKey is required with Kafka or Redis: make one with "openssl rand -hex 16", keep it secret and the same for every processor',
    )
  } else if (key !== '' && !/^[0-9a-f]{32}$/i.test(key)) {
    problems.push('privacy.pseudonymKey must be 32 hex digits, as "openssl rand -hex 16" prints them')
  }
  problems.push(...checkRedis(config.redis))
  if (config.velocity.exactHorizonMs > config.velocity.retentionMs) {
    problems.push('velocity.exactHorizonMs must be at most velocity.retentionMs: nothing is kept for longer')
  }
  if (config.rules.source === 'control' && config.rules.publicKeys.length === 0) {
    problems.push('rules.source "control" needs rules.publicKeys: make a key with "paysentry rules keygen"')
  }
  if (config.model.source === 'control' && config.rules.publicKeys.length === 0) {
    problems.push('model.source "control" needs rules.publicKeys: make a key with "paysentry rules keygen"')
  }
  for (const broker of config.kafka.brokers) {
    if (!/^[^\s/]+:\d{1,5}$/.test(broker))
      problems.push(`kafka.brokers has "${broker}"; it must be host:port`)
  }
  if (
    config.kafka.saslMechanism !== 'none' &&
    (config.kafka.saslUsername === '' || config.kafka.saslPassword === '')
  ) {
    problems.push('kafka.saslMechanism needs kafka.saslUsername and kafka.saslPassword')
  }
  return problems
}

function checkRedis({ url, cluster, keyPrefix }: z.infer<typeof configSchema>['redis']): string[] {
  if (url === '') return cluster ? ['redis.cluster needs redis.url'] : []
  if (!cluster && url.includes('://', url.indexOf('://') + 3)) {
    return ['redis.url names several nodes: that needs redis.cluster: true']
  }
  const urls = cluster ? url.split(',').map((one) => one.trim()) : [url]
  if (!urls.every((one) => /^rediss?:\/\//.test(one) && URL.canParse(one))) {
    return ['redis.url must start with redis:// or rediss://']
  }
  if (cluster && urls.some((one) => !['', '/', '/0'].includes(new URL(one).pathname))) {
    return ['redis.url has a database number, and a Redis Cluster has database 0 alone']
  }
  if (cluster && keyPrefix.includes('{')) {
    return [
      'redis.keyPrefix has a brace, which would take the place of the hash tags that spread the journals',
    ]
  }
  return []
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function deepFreeze<T>(value: T): DeepReadonly<T>
function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child)
    Object.freeze(value)
  }
  return value
}
