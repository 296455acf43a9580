// `paysentry models`: which models there are, what differs between two, and which one decides.
import { join } from 'node:path'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { MODEL_ROLES, type ModelChoice, type ModelRole } from '../control/control-record.ts'
import { createPromotions, type Promotions } from '../control/promotions.ts'
import { AppError } from '../errors.ts'
import { diffOf } from '../model/model-diff.ts'
import { CURRENT_FILE } from '../model/model-files.ts'
import { currentVersion, readModel } from '../model/read-model.ts'
import { withControl } from './control-access.ts'
import { folderOf, promotionsOf, versionsIn } from './model-versions.ts'
import { addPromoteCommands } from './models-promote.ts'
import { diffText, type ListedModel, modelTable } from './models-text.ts'
import { configOfProcess } from './process-host.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

export function modelsCommand(): Command {
  const models = new Command('models').description('List, compare and promote models')
  const sub = (name: string, description: string) =>
    models.command(name).description(description).option('--config <file>', 'configuration file (YAML)')
  sub('list', 'Show the models of model.dir: whether they are whole, which decides, which challenges')
    .option('--json', 'print the result as JSON')
    .action(list)
  sub('diff <a> <b>', 'Show what differs between two models')
    .option('--json', 'print the result as JSON')
    .action(diff)
  addPromoteCommands(sub)
  return models
}

async function list(options: Options): Promise<void> {
  const config = configOfProcess(options.config)
  const isControlled = config.model.source === 'control' && config.kafka.brokers.length > 0
  const promotions = isControlled
    ? await withControl(config, async ({ read }) => promotionsOf(await read(), config.rules.publicKeys))
    : createPromotions([])
  const models = versionsIn(config.model.dir).map((version) => listed(version, config, promotions))
  process.stdout.write(
    options.json === true ? `${JSON.stringify(models, null, 2)}\n` : modelTable(models) + told(promotions),
  )
}

function diff(a: string, b: string, options: Options): void {
  const { dir } = configOfProcess(options.config).model
  const [before, after] = [a, b].map((version) => readModel(folderOf(dir, version)).manifest)
  if (before === undefined || after === undefined) return
  const found = diffOf(before, after)
  process.stdout.write(options.json === true ? `${JSON.stringify(found, null, 2)}\n` : diffText(found))
}

function listed(version: string, config: Config, promotions: Promotions): ListedModel {
  try {
    const { manifest, hash, problems } = readModel(join(config.model.dir, version))
    const { training, metrics } = manifest
    return {
      version,
      hash,
      state: stateOf(version, hash, config, promotions),
      trainedOn: { source: training.source, from: training.from, to: training.to },
      averagePrecision: metrics['model']?.['average_precision'] ?? null,
      auc: metrics['model']?.['auc'] ?? null,
      problems,
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const nothing = { hash: null, state: null, trainedOn: null, averagePrecision: null, auc: null }
    return { version, ...nothing, problems: error.problems }
  }
}

function stateOf(
  version: string,
  hash: string,
  { model }: Config,
  promotions: Promotions,
): ListedModel['state'] {
  const isThis = (of: { version: string; hash: string }): boolean =>
    of.version === version && of.hash === `sha256:${hash}`
  const isInForce = (role: ModelRole, configured: string): boolean => {
    const choice = promotions[role].current()
    return choice === null || choice.withdrawn === true
      ? version === (configured === CURRENT_FILE ? currentVersion(model.dir) : configured)
      : isThis(choice)
  }
  if (isInForce('champion', model.version)) return 'champion'
  if (isInForce('challenger', model.challenger)) return 'challenger'
  const before = promotions.champion.current()?.previous ?? null
  return before !== null && isThis(before) ? 'before' : null
}

function told(promotions: Promotions): string {
  return MODEL_ROLES.map((role) => {
    const choice = promotions[role].current()
    const refused = promotions[role].refused()
    return (
      (choice === null ? '' : `${role} is ${toldOf(choice)} by ${choice.author} at ${choice.at}\n`) +
      (refused === null ? '' : `Refused: ${refused}\n`)
    )
  }).join('')
}

function toldOf(choice: ModelChoice): string {
  return choice.withdrawn === true
    ? 'the one of the configuration: the promotion was withdrawn'
    : `${choice.version}@${choice.hash.slice('sha256:'.length, 19)}, promoted`
}
