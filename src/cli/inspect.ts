// `paysentry inspect`: the journal of one entity, for a person.
import { Argument, Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { parseEventTime } from '../payment/event-time.ts'
import { loadRates, type Rates } from '../payment/rates.ts'
import { formatDuration, parseDuration } from '../rules/duration.ts'
import { ENTITY_TYPES, type EntityType } from '../velocity/entity.ts'
import { journalKey } from '../velocity/journal-key.ts'
import { readJournal } from '../velocity/journal-reader.ts'
import { reportJournal } from '../velocity/journal-report.ts'
import { windowsAsOf } from '../velocity/journal-windows.ts'
import { createPseudonymiser } from '../velocity/pseudonym.ts'
import { createRedisStore } from '../velocity/redis-store.ts'
import { EXIT } from './exit-codes.ts'
import { type Inspected, inspectText } from './inspect-text.ts'
import { positive } from './option-values.ts'
import { configOfProcess } from './process-host.ts'

interface InspectOptions {
  readonly config?: string
  readonly tenant: string
  readonly at?: number
  readonly windows: readonly number[]
  readonly limit: number
  readonly json?: boolean
}

const WINDOWS = '10m,1h,1d,7d'

/** The command `inspect`: exit code 1 when there is no such journal. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show the journal of one entity: its records, and windows as of a time')
    .addArgument(new Argument('<entity>', 'what it is').choices(ENTITY_TYPES))
    .argument('<id>', 'identifier as events name it, such as a card token')
    .option('--tenant <tenant>', 'tenant of the events, where they name one', '')
    .option('--at <time>', 'windows as of this time (RFC 3339); the newest record if absent', instant)
    .option('--windows <lengths>', 'lengths of the windows, with commas between', lengths, lengths(WINDOWS))
    .option('--limit <records>', 'how many records to show, the last ones', positive, 20)
    .option('--json', 'print all of it as JSON')
    .option('--config <file>', 'configuration file (YAML)')
    .action((type: EntityType, id: string, options: InspectOptions) => inspect(type, id, options))
}

async function inspect(type: EntityType, id: string, options: InspectOptions): Promise<void> {
  const config = configOfProcess(options.config)
  if (config.redis.url === '') {
    throw new AppError(
      'CONFIG_INVALID',
      'redis.url is empty: journals in memory can be seen by their process alone',
    )
  }
  requireLengths(options.windows, config.velocity.retentionMs)
  const rates = loadRates(config.money.ratesFile)
  const entity = createPseudonymiser(config.privacy.pseudonymKey).entity(type, id, options.tenant)
  const key = journalKey(entity)
  const inspected = await read(config, key, { type, rates, options })
  if (inspected === null) {
    process.exitCode = EXIT.failed
    process.stderr.write(noJournal(type, `${key}, under ${config.redis.keyPrefix}`))
    return
  }
  const json = options.json === true
  process.stdout.write(
    json ? `${JSON.stringify(inspected, null, 2)}\n` : inspectText(inspected, options.limit),
  )
}

function requireLengths(lengthsMs: readonly number[], retentionMs: number): void {
  const tooLong = lengthsMs.find((lengthMs) => lengthMs > retentionMs)
  if (tooLong === undefined) return
  throw new AppError(
    'CONFIG_INVALID',
    `--windows asks for ${formatDuration(tooLong)}, and velocity.retentionMs keeps ${formatDuration(retentionMs)}`,
  )
}

function noJournal(type: EntityType, key: string): string {
  return `paysentry: there is no journal of this ${type}: ${key}
  It is looked up under its pseudonym, so privacy.pseudonymKey, --tenant and redis.keyPrefix must be those of
  the processors. Otherwise no event has named it, or none within velocity.retentionMs.
`
}

interface Wanted {
  readonly type: EntityType
  readonly rates: Rates
  readonly options: InspectOptions
}

async function read(
  config: Config,
  key: string,
  { type, rates, options }: Wanted,
): Promise<Inspected | null> {
  const store = createRedisStore({ ...config.redis, ...config.velocity, waitReplicas: 0 })
  try {
    const bytes = await readJournal(store, key)
    const expiresInMs = await store.expiresInMs(key)
    if (bytes === null) return null
    const { base, minorPerMajor } = rates
    const asked = { type, minorPerMajor, horizons: config.velocity }
    const report = reportJournal(bytes, asked)
    const atMs = options.at ?? report.newestMs ?? Date.now()
    const answers = windowsAsOf(bytes, { ...asked, atMs, lengthsMs: options.windows })
    const decimals = Math.round(Math.log10(minorPerMajor))
    const head = { type, key: await store.wholeKey(key), base, decimals, expiresInMs }
    return { ...head, ...report, atMs, ...answers }
  } finally {
    await store.close()
  }
}

function instant(text: string): number {
  const timeMs = parseEventTime(text)
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('It must be a time such as 2026-03-01T12:00:00Z.')
  return timeMs
}

function lengths(text: string): number[] {
  return text.split(',').map((part) => {
    const ms = parseDuration(part.trim())
    if (ms === null || ms === 0) throw new InvalidArgumentError('It must be lengths such as 10m,1h,7d.')
    return ms
  })
}
