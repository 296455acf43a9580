// A folder of rule files → one rule set, or every problem of every file at once.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../errors.ts'
import { type Compiler, createCompiler } from '../expression/compiler.ts'
import type { WindowSet } from '../velocity/window.ts'
import { LISTS_FILE } from './list-file.ts'
import { parseRuleFile, type RuleFile } from './rule-file.ts'
import { createRuleSet, type Rule, type RuleSet } from './rule-set.ts'

export interface LoadRulesOptions {
  /** The windows that the rules ask for are registered here. */
  readonly windows: WindowSet
  /** How long journals are kept, milliseconds. */
  readonly retentionMs: number
}

const RULE_FILE = /\.ya?ml$/
const TEST_FILE = /\.test\.ya?ml$/

/** Paths of the rule files of a folder, or of the test files beside them, in the order of their names. Throws RULES_INVALID. */
export function filesIn(dir: string, kind: 'rules' | 'tests'): string[] {
  try {
    return readdirSync(dir)
      .filter(
        (name) => RULE_FILE.test(name) && name !== LISTS_FILE && TEST_FILE.test(name) === (kind === 'tests'),
      )
      .sort()
      .map((name) => join(dir, name))
  } catch (error) {
    throw new AppError('RULES_INVALID', `the folder ${dir} cannot be read; the setting rules.dir names it`, {
      cause: error,
    })
  }
}

/**
 * Loads every `*.yaml` of the folder but `*.test.yaml`. Throws RULES_INVALID with all problems of all files, each as
 * `file:line:column rule-id: message`, also for a folder without rules.
 */
export function loadRules(dir: string, options: LoadRulesOptions): RuleSet {
  const files = filesIn(dir, 'rules')
  if (files.length === 0) throw new AppError('RULES_INVALID', `the folder ${dir} holds no rule file (*.yaml)`)
  const compiler = createCompiler({ ...options, scope: 'rule' })
  const problems: string[] = []
  const rules: Rule[] = []
  const locations = new Map<string, string>()
  for (const path of files) {
    const file = parseRuleFile(path, readFileSync(path, 'utf8'))
    rules.push(...compileFile(file, compiler, locations))
    problems.push(...file.problems())
  }
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    throw new AppError('RULES_INVALID', `${count} in ${dir}`, { problems })
  }
  return createRuleSet(rules)
}

/** The rules of a file whose expressions could be compiled. Every problem is reported to the file; `locations` says where an id was first. */
function compileFile(file: RuleFile, compiler: Compiler, locations: Map<string, string>): Rule[] {
  const rules: Rule[] = []
  for (const [index, { id, when }] of file.drafts.entries()) {
    const first = id === null ? undefined : locations.get(id)
    if (first !== undefined) file.report(index, 'id', `the id is used already, at ${first}.`)
    else if (id !== null) locations.set(id, file.location(index))
    const compiled = when === null ? null : compiler.compile(when, 'bool')
    const definition = file.definitions[index]
    if (compiled?.ok === false) {
      for (const { message, offset } of compiled.problems) file.report(index, 'when', message, offset)
    } else if (compiled !== null && definition !== undefined) {
      rules.push({ ...definition, fires: compiled.evaluate, conditions: compiled.conditions })
    }
  }
  return rules
}
