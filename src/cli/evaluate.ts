// `paysentry evaluate`: how well a model finds fraud that it could not know of, day by day, beside what is simpler.
import { basename, dirname } from 'node:path'
import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { AppError } from '../errors.ts'
import { evaluate, type FrozenModel } from '../evaluation/evaluate.ts'
import { evaluationPage } from '../evaluation/page.ts'
import type { Feature } from '../model/features.ts'
import { loadModel } from '../model/load-scorer.ts'
import { nameOfModel } from '../model/manifest.ts'
import { createWindowSet } from '../velocity/window.ts'
import type { Config } from '../config.ts'
import { evaluationText } from './evaluation-text.ts'
import { instant, positive, whole } from './option-values.ts'
import { configOfProcess, terminalOf } from './process-host.ts'
import { progressTo } from './progress.ts'
import { readFeatures } from './train.ts'
import { collectTraffic, nameOfTraffic, type TrafficOptions, withTraffic } from './traffic-source.ts'

interface EvaluateCommandOptions extends TrafficOptions {
  readonly model?: string
  readonly features: string
  readonly every: number
  readonly epochs: number
  readonly minutes?: number
  readonly since?: number
  readonly until?: number
  readonly resamples: number
  readonly json?: string
  readonly html?: string
  readonly config?: string
}

export function evaluateCommand(): Command {
  return withTraffic(new Command('evaluate'), 'judge on')
    .description('Judge a model day by day on payments that it could not know of, beside simpler scores')
    .option(
      '--model <folder>',
      'judge this version as it is, such as models/simulated-2; else fit as days go by',
    )
    .option('--features <file>', 'feature catalogue, without --model', 'models/features.yaml')
    .option('--every <days>', 'fit again after so many days', positive, 7)
    .option('--epochs <n>', 'most epochs of a fit', positive, 8)
    .option('--minutes <n>', 'begin no further fit after so long', positive)
    .option('--since <time>', 'judge from then on (default: the last two fifths of the time)', instant)
    .option('--until <time>', 'judge only what comes before; labels come late', instant)
    .option('--resamples <n>', 'of the bootstrap intervals', whole, 200)
    .option('--json <file>', 'write all figures as JSON')
    .option('--html <file>', 'write a page with plots, which needs nothing else')
    .option('--config <file>', 'configuration file (YAML)')
    .action(run)
}

async function run(options: EvaluateCommandOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const startedAtMs = performance.now()
  const loaded = options.model === undefined ? null : await frozenModel(options.model, config)
  try {
    const features: readonly Feature[] = loaded?.manifest.features ?? readFeatures(options.features)
    const { set, rates } = await collectTraffic(options, config, features)
    const show = progressTo(process.stderr, 'Judging by day ')
    const report = await evaluate({
      set,
      features,
      frozen: loaded,
      source: nameOfTraffic(options),
      isSimulated: options.from === undefined,
      currency: rates.base,
      seed: options.seed,
      epochs: options.epochs,
      everyDays: options.every,
      resamples: options.resamples,
      sinceMs: options.since,
      untilMs: options.until,
      isOver: () => performance.now() - startedAtMs > (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000,
      onProgress: show,
    })
    if (options.json !== undefined) write(options.json, `${JSON.stringify(report, null, 1)}\n`, '--json')
    if (options.html !== undefined) write(options.html, evaluationPage(report), '--html')
    process.stdout.write(evaluationText(report, terminalOf(process.stdout)))
  } finally {
    loaded?.heads.close()
  }
}

async function frozenModel(
  folder: string,
  config: Config,
): Promise<FrozenModel & Pick<Awaited<ReturnType<typeof loadModel>>, 'manifest'>> {
  const model = await loadModel({
    dir: dirname(folder),
    version: basename(folder),
    windows: createWindowSet(),
    horizons: config.velocity,
  })
  return { ...model, version: nameOfModel(model.manifest, model.hash) }
}

function write(path: string, text: string, option: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `${option} ${path} cannot be written`, { cause: error })
  }
}
