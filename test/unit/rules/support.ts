// Rule folders that tests write and that are gone after them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { loadRules } from '../../../src/rules/load-rules.ts'
import type { RuleSet } from '../../../src/rules/rule-set.ts'
import { createWindowSet, type WindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'

export const RETENTION_MS = 35 * 86_400_000

/** A folder with these files, by name. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'rules-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

export function load(
  files: Readonly<Record<string, string>>,
  windows: WindowSet = createWindowSet(),
): RuleSet {
  return loadRules(folderOf(files), { windows, horizons: HORIZONS })
}

/** The problems that loading the files gives, without the folder's name. */
export function problemsOf(files: Readonly<Record<string, string>>): string[] {
  const dir = folderOf(files)
  return problemsIn(dir, () => loadRules(dir, { windows: createWindowSet(), horizons: HORIZONS }))
}

/** The problems of the RULES_INVALID that `run` throws, without the lines that they are about; its message when it lists none. */
export function problemsIn(dir: string, run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'RULES_INVALID') throw error
    const texts = error.problems.length > 0 ? error.problems : [error.message]
    return texts.map((text) => (text.split('\n')[0] ?? '').replaceAll(`${dir}/`, '').replaceAll(dir, '<dir>'))
  }
  return []
}

/** A rule as YAML, as an item of the list. */
export function ruleYaml(fields: Readonly<Record<string, string>> = {}): string {
  const rule = {
    id: 'large-amount',
    description: 'A large amount',
    when: 'amount > 100.0',
    action: 'review',
    reason: 'LARGE_AMOUNT',
    ...fields,
  }
  const lines = Object.entries(rule).map(([key, value]) => `${key}: ${value}`)
  return `  - ${lines.join('\n    ')}\n`
}

export function rulesYaml(...rules: Readonly<Record<string, string>>[]): string {
  return `rules:\n${rules.map(ruleYaml).join('')}`
}
