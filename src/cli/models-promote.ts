// `paysentry models promote|rollback|withdraw`: signed promotions and withdrawals over the control topic, so that every processor
// with `model.source: control` switches to the same model.
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import {
  controlRecord,
  type ModelChoice,
  modelKey,
  type ModelRole,
  type Promotion,
} from '../control/control-record.ts'
import { signModelChoice } from '../control/promotions.ts'
import { AppError } from '../errors.ts'
import { loadModel } from '../model/load-scorer.ts'
import { createWindowSet } from '../velocity/window.ts'
import { type ControlAccess, readKey, withControl } from './control-access.ts'
import { folderOf, promotionsOf } from './model-versions.ts'
import { configOfProcess } from './process-host.ts'

interface Options {
  readonly config?: string
  readonly author?: string
  readonly challenger?: boolean
  readonly key: string
}
type ModelName = Pick<Promotion, 'version' | 'hash'>

/** Adds the subcommands with `sub`. */
export function addPromoteCommands(sub: (name: string, description: string) => Command): void {
  const role: [string, string] = ['--challenger', 'as the model that scores beside it and never acts']
  const author: [string, string] = ['--author <name>', 'who does it; the user of this machine if absent']
  const key: [string, string] = ['--key <file>', 'private key, from "rules keygen"']
  sub('promote <version>', 'Check a model of model.dir and let it decide from now on')
    .requiredOption(...key)
    .option(...role)
    .option(...author)
    .action(promote)
  sub('rollback [version]', 'Go back to an earlier model; to the one promoted before if absent')
    .requiredOption(...key)
    .option(...role)
    .option(...author)
    .action(rollback)
  sub('withdraw', 'Take the promotion back: the model of the configuration decides again')
    .requiredOption(...key)
    .option(...role)
    .option(...author)
    .action(withdraw)
}

async function promote(version: string, options: Options): Promise<void> {
  const config = configOfProcess(options.config)
  const model = await checked(config, version)
  await withControl(config, (access) => publish(access, config, options, () => model))
}

async function rollback(version: string | undefined, options: Options): Promise<void> {
  const config = configOfProcess(options.config)
  const named = version === undefined ? null : await checked(config, version)
  const wanted = (last: ModelChoice | null): ModelName => {
    const model = named ?? last?.previous
    if (model !== undefined && model !== null) return model
    throw new AppError(
      'CONFIG_INVALID',
      'no model was promoted before; name one of "paysentry models list", or take the promotion back with "models withdraw"',
    )
  }
  await withControl(config, (access) => publish(access, config, options, wanted))
}

async function withdraw(options: Options): Promise<void> {
  const config = configOfProcess(options.config)
  await withControl(config, (access) => publish(access, config, options, () => null))
}

/** The model with its hash, once it has loaded as a processor would load it. Throws MODEL_INVALID. */
async function checked(config: Config, version: string): Promise<ModelName> {
  folderOf(config.model.dir, version)
  const { manifest, hash, heads } = await loadModel({
    ...config.model,
    version,
    windows: createWindowSet(),
    horizons: config.velocity,
  })
  heads.close()
  return { version: manifest.version, hash: `sha256:${hash}` }
}

/** Signs and writes what `wanted` says of the last one that counts: a model, or null for that of the configuration. */
async function publish(
  access: ControlAccess,
  config: Config,
  options: Options,
  wanted: (last: ModelChoice | null) => ModelName | null,
): Promise<void> {
  const role = roleOf(options)
  const promotions = promotionsOf(await access.read(), config.rules.publicKeys)[role]
  const last = promotions.current()
  const model = wanted(last)
  const content = { previous: previousOf(last, model), ...access.signed(options.author) }
  const choice = signModelChoice(
    role,
    model === null
      ? { withdrawn: true, ...content }
      : { version: model.version, hash: model.hash, ...content },
    last,
    readKey(options.key),
  )
  // What no processor would take must not stand in the topic.
  const problem = promotions.take(choice)
  if (problem !== null) throw new AppError('CONFIG_INVALID', problem)
  await access.log.produce([controlRecord(access.topic, modelKey(role), choice)])
  const does = role === 'champion' ? 'decides' : 'scores beside the champion'
  const name = model === null ? 'The model of the configuration' : `${model.version} (${model.hash})`
  process.stdout.write(`${name} ${does} from here on where model.source is "control"\n`)
}

/** What was in force before: a promotion, or null for the model of the configuration. */
function previousOf(last: ModelChoice | null, next: ModelName | null): ModelName | null {
  if (last === null) return null
  // What is said once more has the same before it.
  const isSame = last.withdrawn === true ? next === null : last.hash === next?.hash
  if (isSame) return last.previous
  return last.withdrawn === true ? null : { version: last.version, hash: last.hash }
}

function roleOf({ challenger }: Options): ModelRole {
  return challenger === true ? 'challenger' : 'champion'
}
