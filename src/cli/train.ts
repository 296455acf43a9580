// `paysentry train`: a model from simulated or recorded traffic, through the stages that serve it.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { type Feature, featureSchema } from '../model/features.ts'
import { CURRENT_FILE, writeModel } from '../model/model-files.ts'
import { trainModel } from '../model/train.ts'
import { recordsOfFile, simulatedRecords } from '../model/training-records.ts'
import { collectTrainingSet } from '../model/training-set.ts'
import { loadRates } from '../payment/rates.ts'
import { positive, whole } from './option-values.ts'
import { configOfProcess, VERSION } from './process-host.ts'
import { progressTo } from './progress.ts'

interface TrainOptions {
  readonly simulate?: boolean
  readonly from?: string
  readonly budget?: number
  readonly events: number
  readonly customers: number
  readonly seed: number
  readonly start: string
  readonly epochs: number
  readonly features: string
  readonly out?: string
  readonly name: string
  readonly current: boolean
  readonly config?: string
}

export function trainCommand(): Command {
  return new Command('train')
    .description('Train a model and write it, its manifest, its model card and an HTML report')
    .option('--simulate', 'train on simulated traffic')
    .option('--from <file>', 'train on events and labels that `import` or `simulate --to FILE` wrote')
    .option('--events <n>', 'simulated events', positive, 400_000)
    .option('--customers <n>', 'simulated customers', positive, 2_500)
    .option('--seed <n>', 'seed of the traffic, the weights and the order of rows', whole, 1)
    .option('--start <time>', 'simulated time of the first event', '2026-01-01T00:00:00Z')
    .option('--epochs <n>', 'most epochs; training ends earlier when it no longer helps', positive, 8)
    .option('--budget <minutes>', 'begin no further epoch after so long', positive)
    .option('--features <file>', 'feature catalogue', 'models/features.yaml')
    .option('--out <dir>', 'folder of the versions (default: model.dir)')
    .option('--name <version>', 'name of the version', 'simulated-2')
    .option('--no-current', 'do not make it the current version')
    .option('--config <file>', 'configuration file (YAML)')
    .action(train)
}

async function train(options: TrainOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const startMs = Date.parse(options.start)
  if (Number.isNaN(startMs))
    throw new AppError('CONFIG_INVALID', `--start "${options.start}" is no RFC 3339 time`)
  if (!/^\w[\w.-]*$/.test(options.name) || options.name === CURRENT_FILE) {
    throw new AppError(
      'CONFIG_INVALID',
      `--name "${options.name}" must be letters, digits, dots and dashes, and not "current"`,
    )
  }
  if ((options.simulate === true) === (options.from !== undefined))
    throw new AppError('CONFIG_INVALID', 'give either --simulate or --from FILE: what to train on')
  const startedAtMs = performance.now()
  const features = readFeatures(options.features)
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  const set = await collectTrainingSet({
    features,
    rates: loadRates(config.money.ratesFile),
    records:
      options.from === undefined
        ? simulatedRecords({ seed: options.seed, customers: options.customers, startMs }, options.events)
        : recordsOfFile(options.from),
    horizons: config.velocity,
    cacheBytes: config.velocity.cacheBytes,
    maxMessageBytes: config.limits.maxMessageBytes,
    onProgress: progressOf(options),
  })
  say(
    `${set.rows} payments, ${set.isFraud.filter(Boolean).length} of them fraud; ${features.length} features`,
  )
  const model = await trainModel({
    set,
    features,
    version: options.name,
    seed: options.seed,
    epochs: options.epochs,
    source:
      options.from === undefined
        ? `paysentry's simulator (${options.customers} customers)`
        : basename(options.from),
    command: commandOf(options),
    events: set.events,
    isOver: () => performance.now() - startedAtMs > (options.budget ?? Number.POSITIVE_INFINITY) * 60_000,
    paysentry: VERSION,
    onEpoch: (epoch, of, trainLoss, validationLoss) =>
      say(`epoch ${epoch}/${of}  loss ${trainLoss.toFixed(5)}  validation ${validationLoss.toFixed(5)}`),
  })
  const dir = options.out ?? config.model.dir
  writeModel(join(dir, options.name), model)
  if (options.current) writeFileSync(join(dir, CURRENT_FILE), `${options.name}\n`)
  const { model: figures, amount_alone: baseline } = model.manifest.metrics
  say(
    `Average precision ${figures?.['average_precision']} (amount alone ${baseline?.['average_precision']}) on the last fifth`,
  )
  say(`Written to ${join(dir, options.name)}${options.current ? ', now current' : ''}`)
}

/** The catalogue of features. Throws MODEL_INVALID with every problem. */
export function readFeatures(file: string): Feature[] {
  let content: unknown
  try {
    content = parseYaml(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new AppError(
      'MODEL_INVALID',
      `${file}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
  const parsed = z.strictObject({ features: z.array(featureSchema).min(1) }).safeParse(content)
  if (parsed.success) return parsed.data.features
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  throw new AppError('MODEL_INVALID', file, { problems })
}

function progressOf({ from, events }: TrainOptions): (played: number) => void {
  if (from !== undefined) return () => undefined
  const show = progressTo(process.stderr, 'Playing simulated traffic')
  return (played) => show(played, events)
}

/** What to type to train this model again. */
function commandOf(options: TrainOptions): string {
  const { from, events, customers, seed, start, epochs, features, name } = options
  const traffic = from === undefined ? { events, customers, start } : {}
  const flags = Object.entries({ ...traffic, seed, epochs, features, name })
  const source = from === undefined ? '--simulate' : `--from ${basename(from)}`
  return `paysentry train ${source} ${flags.map(([flag, value]) => `--${flag} ${value}`).join(' ')}`
}
