// `paysentry models promote|rollback|withdraw`: signed promotions over the control topic, so that every processor with
// `model.source: control` switches to the same model.
import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { controlRecord, modelKey, type ModelRole, type Promotion } from '../control/control-record.ts'
import { isSigned, signRecord } from '../control/signature.ts'
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
}
interface SigningOptions extends Options {
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
    .option(...role)
    .action(withdraw)
}

async function promote(version: string, options: SigningOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const model = await checked(config, version)
  await withControl(config, (access) => publish(access, config, model, options))
}

async function rollback(version: string | undefined, options: SigningOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const named = version === undefined ? null : await checked(config, version)
  await withControl(config, async (access) => {
    const last = promotionsOf(await access.read()).get(roleOf(options))
    const model = named ?? last?.previous
    if (model === undefined || model === null) {
      throw new AppError(
        'CONFIG_INVALID',
        'no model was promoted before; name one of "paysentry models list", or take the promotion back with "models withdraw"',
      )
    }
    await publish(access, config, { version: model.version, hash: model.hash }, options)
  })
}

async function withdraw(options: Options): Promise<void> {
  const role = roleOf(options)
  await withControl(configOfProcess(options.config), async ({ log, topic }) => {
    await log.produce([controlRecord(topic, modelKey(role), null)])
    process.stdout.write(`The ${role} is the one of the configuration from here on\n`)
  })
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

async function publish(
  access: ControlAccess,
  config: Config,
  model: ModelName,
  options: SigningOptions,
): Promise<void> {
  const role = roleOf(options)
  const key = modelKey(role)
  const last = promotionsOf(await access.read()).get(role)
  const previous = last === undefined ? null : { version: last.version, hash: last.hash }
  const isSame = last?.hash === model.hash
  const content = {
    ...model,
    previous: isSame ? (last?.previous ?? null) : previous,
    ...access.signed(options.author),
  }
  const promotion: Promotion = { ...content, signature: signRecord(key, content, readKey(options.key)) }
  const { publicKeys } = config.rules
  // What no processor would take must not stand in the topic.
  if (publicKeys.length > 0 && !isSigned(key, promotion, publicKeys)) {
    throw new AppError(
      'CONFIG_INVALID',
      `rules.publicKeys has no key that belongs to ${options.key}: no processor would take the model`,
    )
  }
  await access.log.produce([controlRecord(access.topic, key, promotion)])
  const does = role === 'champion' ? 'decides' : 'scores beside the champion'
  process.stdout.write(
    `${model.version} (${model.hash}) ${does} from here on where model.source is "control"\n`,
  )
}

function roleOf({ challenger }: Options): ModelRole {
  return challenger === true ? 'challenger' : 'champion'
}
