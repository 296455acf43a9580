// A folder of rule files → one rule set, or every problem of every file at once.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../errors.ts'
import { type Compiler, createCompiler } from '../expression/compiler.ts'
import { NO_VOCABULARY, type Vocabulary } from '../expression/membership.ts'
import type { Horizons } from '../velocity/grid.ts'
import type { WindowSet } from '../velocity/window.ts'
import { joinSections } from './join-sections.ts'
import { collectNames, defineAll, namedContent, reportUnused, vocabularyOf } from './join-vocabulary.ts'
import { parseRuleFile, type RuleFile } from './rule-file.ts'
import { overlapsIn } from './overlaps.ts'
import { createRuleSet, type Rule, type RuleSet } from './rule-set.ts'

export interface LoadRulesOptions {
  /** The windows that the rules ask for are registered here. */
  readonly windows: WindowSet
  /** How long journals are kept, and how far back they are exact. */
  readonly horizons: Horizons
  /** What lists answer: whether one has a value at an event time. Lists are empty if absent. */
  readonly hasEntry?: Vocabulary['hasEntry'] | undefined
  /** Told what is well-formed and probably not meant, each as a line with its place. */
  readonly onWarning?: (warning: string) => void
}

const RULE_FILE = /\.ya?ml$/
const TEST_FILE = /\.test\.ya?ml$/

/** Paths of the rule files of a folder, or of the test files beside them, in the order of their names. Throws RULES_INVALID. */
export function filesIn(dir: string, kind: 'rules' | 'tests'): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => RULE_FILE.test(name) && TEST_FILE.test(name) === (kind === 'tests'))
      .sort()
      .map((name) => join(dir, name))
  } catch (error) {
    throw new AppError('RULES_INVALID', `the folder ${dir} cannot be read; the setting rules.dir names it`, {
      cause: error,
    })
  }
}

/** The rule files of a folder as they were when it was read. */
export interface RuleFolder {
  readonly dir: string
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/** Reads every `*.yaml` of the folder but `*.test.yaml`. Throws RULES_INVALID for a folder without rule files. */
export function readRules(dir: string): RuleFolder {
  const files = filesIn(dir, 'rules').map((path) => ({ path, text: readFileSync(path, 'utf8') }))
  if (files.length === 0) throw new AppError('RULES_INVALID', `the folder ${dir} holds no rule file (*.yaml)`)
  return { dir, files }
}

/** Reads and compiles. Throws RULES_INVALID. */
export function loadRules(dir: string, options: LoadRulesOptions): RuleSet {
  return compileRules(readRules(dir), options)
}

/**
 * Compiles the rules of a folder. Throws RULES_INVALID with all problems of all files, each as `file:line:column rule-id: message`
 * with the line and a caret below, also for files without rules.
 */
export function compileRules({ dir, files }: RuleFolder, options: LoadRulesOptions): RuleSet {
  const problems: string[] = []
  const rules: Rule[] = []
  const locations = new Map<string, string>()
  const parsed = files.map(({ path, text }) => parseRuleFile(path, text))
  const names = collectNames(parsed)
  const hasEntry = options.hasEntry ?? NO_VOCABULARY.hasEntry
  const vocabulary = vocabularyOf(parsed, names, hasEntry)
  const compiler = createCompiler({ ...options, vocabulary, scope: 'rule' })
  defineAll(names, compiler)
  const { thresholds, customerOf } = joinSections(parsed)
  for (const file of parsed) rules.push(...compileFile(file, compiler, locations))
  if (parsed.every((file) => file.problems().length === 0)) reportUnused(names, parsed, compiler)
  for (const file of parsed) problems.push(...file.excerpts())
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    throw new AppError('RULES_INVALID', `${count} in ${dir}`, { problems })
  }
  const { onWarning = () => undefined } = options
  for (const { rule, message } of overlapsIn(rules, compiler)) {
    onWarning(`${locations.get(rule)} ${rule}: ${message}`)
  }
  if (rules.length === 0) throw new AppError('RULES_INVALID', `the folder ${dir} holds no rule`)
  return createRuleSet(
    rules.map((rule) => ({ ...rule, customer: customerOf(rule.reason) })),
    { thresholds, names: namedContent(parsed) },
  )
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
    }
    for (const { message, offset } of when === null ? [] : compiler.lint(when)) {
      file.report(index, 'when', message, offset)
    }
    if (compiled?.ok === true && definition !== undefined) {
      const placeOf = (offset: number): string => file.placeOf(index, offset)
      rules.push({ ...definition, fires: compiled.evaluate, tree: compiled.tree, placeOf })
    }
  }
  return rules
}
