// The traffic that `train` and `evaluate` work on: simulated, or a file of events and labels; and playing it for its features.
import { type Command } from 'commander'
import { basename } from 'node:path'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Feature } from '../model/features.ts'
import { recordsOfFile, simulatedRecords } from '../model/training-records.ts'
import type { TrainingSet } from '../model/training-rows.ts'
import { collectTrainingSet } from '../model/training-set.ts'
import { loadRates, type Rates } from '../payment/rates.ts'
import { instant, positive, whole } from './option-values.ts'
import { progressTo } from './progress.ts'

export interface TrafficOptions {
  readonly simulate?: boolean
  readonly from?: string
  readonly events: number
  readonly customers: number
  readonly seed: number
  readonly start: number
}

/** Adds the options that name the traffic; `verb` is what is done with it. */
export function withTraffic(command: Command, verb: string): Command {
  return command
    .option('--simulate', `${verb} simulated traffic`)
    .option('--from <file>', `${verb} events and labels that \`import\` or \`simulate --to FILE\` wrote`)
    .option('--events <n>', 'simulated events', positive, 400_000)
    .option('--customers <n>', 'simulated customers', positive, 2_500)
    .option('--seed <n>', 'seed of the traffic and of all that is drawn', whole, 1)
    .option('--start <time>', 'simulated time of the first event', instant, Date.UTC(2026, 0, 1))
}

/** What the rows are, for people. */
export function nameOfTraffic({ from, customers }: TrafficOptions): string {
  return from === undefined ? `paysentry's simulator (${customers} customers)` : basename(from)
}

/** The file that the traffic is read from; null for simulated traffic. Throws CONFIG_INVALID when the options name none, or two. */
export function fileOf({ simulate, from }: TrafficOptions): string | null {
  if ((simulate === true) === (from !== undefined))
    throw new AppError('CONFIG_INVALID', 'give either --simulate or --from FILE')
  return from ?? null
}

export interface Collected {
  readonly set: TrainingSet
  readonly rates: Rates
}

/** Plays the traffic, with a progress bar on a terminal. Throws CONFIG_INVALID when the options name none, or two. */
export async function collectTraffic(
  options: TrafficOptions,
  config: Config,
  features: readonly Feature[],
): Promise<Collected> {
  const { seed, customers, start, events } = options
  const file = fileOf(options)
  const rates = loadRates(config.money.ratesFile)
  const show = progressTo(process.stderr, 'Playing traffic')
  const set = await collectTrainingSet({
    features,
    rates,
    records:
      file === null
        ? simulatedRecords({ seed, customers, startMs: start }, events)
        : recordsOfFile(file, show),
    horizons: config.velocity,
    cacheBytes: config.velocity.cacheBytes,
    maxMessageBytes: config.limits.maxMessageBytes,
    onProgress: (played) => {
      if (file === null) show(played, events)
    },
  })
  return { set, rates }
}
