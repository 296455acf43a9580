// The name of a model that is about to be trained: chosen before any traffic is read, and never that of a model that is there already,
// unless somebody says so.
import { existsSync, readdirSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { AppError } from '../errors.ts'
import { CURRENT_FILE } from '../model/model-files.ts'

export interface VersionOptions {
  /** As given; the next free one is taken if absent. */
  readonly name?: string | undefined
  /** Whether a model with this name may be overwritten. */
  readonly force?: boolean | undefined
}

/** The name of a model in `dir` that is trained on this file; null stands for simulated traffic. Throws CONFIG_INVALID. */
export function trainedVersion(dir: string, file: string | null, { name, force }: VersionOptions): string {
  if (name === undefined) {
    if (force !== true) return nextVersion(dir, file === null ? 'simulated' : stemOf(file))
    throw new AppError('CONFIG_INVALID', '--force overwrites the version that --name names: give both')
  }
  if (!/^\w[\w.-]*$/.test(name) || name === CURRENT_FILE) {
    throw new AppError(
      'CONFIG_INVALID',
      `--name "${name}" must be letters, digits, dots and dashes, and not "current"`,
    )
  }
  if (force !== true) checkFree(dir, name)
  return name
}

/** Throws CONFIG_INVALID when there is something with this name in `dir`. */
export function checkFree(dir: string, name: string): void {
  const folder = join(dir, name)
  if (!existsSync(folder)) return
  throw new AppError(
    'CONFIG_INVALID',
    `${folder} is there already; give another --name, another folder with --out, or --force to overwrite it`,
  )
}

/** One above the highest number in use: the number of a model that is gone may still stand in decisions and promotions. */
function nextVersion(dir: string, stem: string): string {
  const prefix = `${stem}-`
  const numbers = (existsSync(dir) ? readdirSync(dir) : [])
    .filter((name) => name.startsWith(prefix) && /^\d{1,9}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
  return `${prefix}${Math.max(0, ...numbers) + 1}`
}

/** The name of the file without its ending, as far as it can be that of a version. */
function stemOf(file: string): string {
  const words = basename(file, extname(file)).match(/[\w.]+/g) ?? []
  const stem = words.join('-').replace(/^\.+/, '').slice(0, 64)
  return stem === '' ? 'model' : stem
}
