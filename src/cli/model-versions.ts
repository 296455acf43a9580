// The models that a command can name: those of model.dir, and what was promoted of them.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ControlChange } from '../control/control-record.ts'
import { createPromotions, type Promotions } from '../control/promotions.ts'
import { AppError } from '../errors.ts'
import { CURRENT_FILE, MANIFEST_FILE } from '../model/model-files.ts'
import { currentVersion } from '../model/read-model.ts'

/** What was promoted last, by role; with keys only what one of them has signed. */
export function promotionsOf(changes: readonly ControlChange[], publicKeys: readonly string[]): Promotions {
  const promotions = createPromotions(publicKeys)
  for (const change of changes) if (change.kind === 'model') promotions[change.role].take(change.choice)
  return promotions
}

/** The folder of a version; `current` is the one that the file names. Throws CONFIG_INVALID, naming what there is. */
export function folderOf(dir: string, version: string): string {
  const folder = join(dir, version === CURRENT_FILE ? currentVersion(dir) : version)
  if (/^\w[\w.-]*$/.test(version) && existsSync(join(folder, MANIFEST_FILE))) return folder
  const known = versionsIn(dir).join(', ') || 'none'
  throw new AppError('CONFIG_INVALID', `${dir} (model.dir) has no model "${version}"; there are: ${known}`)
}

/** The folders that hold a manifest, in the order of their names. Throws CONFIG_INVALID. */
export function versionsIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => existsSync(join(dir, name, MANIFEST_FILE)))
      .sort()
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `${dir} cannot be read; the setting model.dir names it`, { cause })
  }
}
