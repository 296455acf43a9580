// `paysentry train`: a model from simulated or recorded traffic, through the stages that serve it.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { readyBackend } from '../model/backend.ts'
import { type Feature, featureSchema } from '../model/features.ts'
import { CURRENT_FILE, type TrainedModel, writeModel } from '../model/model-files.ts'
import { trainModel } from '../model/train.ts'
import { positive } from './option-values.ts'
import { configOfProcess, VERSION } from './process-host.ts'
import { shellWord } from './shell-word.ts'
import { collectTraffic, fileOf, nameOfTraffic, type TrafficOptions, withTraffic } from './traffic-source.ts'
import { checkFree, trainedVersion } from './trained-version.ts'

interface TrainOptions extends TrafficOptions {
  readonly minutes?: number
  readonly stopAfter?: number
  readonly epochs: number
  readonly features: string
  readonly out?: string
  readonly name?: string
  readonly force?: boolean
  readonly current: boolean
  readonly config?: string
}

export function trainCommand(): Command {
  return withTraffic(new Command('train'), 'train on')
    .description('Train a model and write it, its manifest, its model card and an HTML report')
    .option('--epochs <n>', 'most epochs; training ends earlier when it no longer helps', positive, 8)
    .option('--minutes <n>', 'begin no further epoch after so long', positive)
    .option(
      '--stop-after <epochs>',
      'begin no further epoch after so many; the pace is that of --epochs',
      positive,
    )
    .option('--features <file>', 'feature catalogue', 'models/features.yaml')
    .option('--out <dir>', 'folder of the versions (default: model.dir)')
    .option(
      '--name <version>',
      'name of the version (default: that of the file, or "simulated", with the next number that is free)',
    )
    .option('--force', 'overwrite the version that --name names')
    .option('--no-current', 'do not make it the current version')
    .option('--config <file>', 'configuration file (YAML)')
    .action(train)
}

async function train(options: TrainOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const dir = options.out ?? config.model.dir
  const version = trainedVersion(dir, fileOf(options), options)
  const features = readFeatures(options.features)
  const say = (text: string): void => void process.stderr.write(`${text}\n`)
  say(`${version} will be written to ${join(dir, version)}${options.current ? ' and become current' : ''}`)
  await readyBackend(config.model.backend)
  const startedAtMs = performance.now()
  const { set } = await collectTraffic(options, config, features)
  say(
    `${set.rows} payments, ${set.isFraud.filter(Boolean).length} of them fraud; ${features.length} features`,
  )
  let epochs = 0
  let isCut = false
  const isOver = (): boolean => {
    const minutes = (performance.now() - startedAtMs) / 60_000
    isCut = minutes > (options.minutes ?? Number.POSITIVE_INFINITY)
    return isCut || epochs >= (options.stopAfter ?? Number.POSITIVE_INFINITY)
  }
  const trained = await trainModel({
    set,
    features,
    version,
    seed: options.seed,
    epochs: options.epochs,
    source: nameOfTraffic(options),
    command: commandOf(options, version),
    events: set.events,
    isOver,
    paysentry: VERSION,
    onEpoch(epoch, of, trainLoss, validationLoss) {
      epochs = epoch
      say(`epoch ${epoch}/${of}  loss ${trainLoss.toFixed(5)}  validation ${validationLoss.toFixed(5)}`)
    },
  })
  // The clock cannot be repeated; the number of epochs can.
  const model = isCut ? withCommand(trained, commandOf({ ...options, stopAfter: epochs }, version)) : trained
  // Another training may have taken the name meanwhile.
  if (options.force !== true) checkFree(dir, version)
  writeModel(join(dir, version), model)
  if (options.current) writeFileSync(join(dir, CURRENT_FILE), `${version}\n`)
  const { model: figures, amount_alone: baseline } = model.manifest.metrics
  say(
    `Average precision ${figures?.['average_precision']} (amount alone ${baseline?.['average_precision']}) on the last fifth`,
  )
  say(`Written to ${join(dir, version)}${options.current ? ', now current' : ''}`)
}

function withCommand(model: TrainedModel, command: string): TrainedModel {
  const { manifest } = model
  return { ...model, manifest: { ...manifest, training: { ...manifest.training, command } } }
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

/** What to type to train this model again. `--force` is no part of it, so that the manifest is the same with it and without. */
function commandOf(options: TrainOptions, name: string): string {
  const { from, events, customers, seed, start, epochs, features } = options
  const traffic = from === undefined ? { events, customers, start: isoSeconds(start) } : {}
  const stop = options.stopAfter === undefined ? {} : { 'stop-after': options.stopAfter }
  const flags = Object.entries({ ...traffic, seed, epochs, ...stop, features, name })
  const source = from === undefined ? '--simulate' : `--from ${shellWord(basename(from))}`
  return `paysentry train ${source} ${flags.map(([flag, value]) => `--${flag} ${shellWord(String(value))}`).join(' ')}`
}

/** RFC 3339 without the milliseconds of a whole second. */
function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
