// What the expressions of a rules folder can refer to: groups, lists and named expressions of all its files.
// Everything is declared once and used, and named expressions do not need themselves.
import type { Compiler } from '../expression/compiler.ts'
import { createGroup, type Group, groupItemProblem, MCC_GROUPS } from '../expression/groups.ts'
import type { Vocabulary } from '../expression/membership.ts'
import { definitionNameProblem, type References } from '../expression/references.ts'
import type { RuleFile } from './rule-file.ts'
import type { YamlPath } from './yaml-file.ts'

/** Where something is declared. */
interface Declared {
  readonly file: RuleFile
  readonly path: YamlPath
}

export interface Names {
  readonly groups: ReadonlyMap<string, Declared>
  readonly lists: ReadonlyMap<string, Declared>
  readonly definitions: ReadonlyMap<string, Declared & { readonly source: string }>
}

/** The names of all files. A second declaration of a name, and a name that is taken, is reported. */
export function collectNames(files: readonly RuleFile[]): Names {
  const groups = new Map<string, Declared>()
  const lists = new Map<string, Declared>()
  const definitions = new Map<string, Declared & { source: string }>()
  for (const file of files) {
    const { sections } = file
    for (const name of Object.keys(sections.groups ?? {})) {
      const place = { file, path: ['groups', name] }
      if (Object.hasOwn(MCC_GROUPS, name)) {
        file.reportAt(place.path, `the group ${name} is built in: choose another name.`)
      } else declare(groups, name, place)
    }
    for (const [index, { name }] of (sections.lists ?? []).entries()) {
      declare(lists, name, { file, path: ['lists', index, 'name'] })
    }
    for (const [name, source] of Object.entries(sections.define ?? {})) {
      const place = { file, path: ['define', name], source }
      const problem = definitionNameProblem(name)
      if (problem === null) declare(definitions, name, place)
      else file.reportAt(place.path, `${problem}.`)
    }
  }
  return { groups, lists, definitions }
}

function declare<T extends Declared>(all: Map<string, T>, name: string, place: T): void {
  const first = all.get(name)
  if (first === undefined) all.set(name, place)
  else {
    const at = first.file.locationAt(first.path)
    place.file.reportAt(place.path, `the name ${name} is given already, at ${at}.`)
  }
}

/** Groups and lists as the compiler takes them. */
export function vocabularyOf(
  files: readonly RuleFile[],
  names: Names,
  hasEntry: Vocabulary['hasEntry'],
): Vocabulary {
  const groups = new Map<string, Group>()
  for (const [name, items] of Object.entries(MCC_GROUPS)) groups.set(name, createGroup(items))
  for (const file of files) {
    for (const [name, items] of Object.entries(file.sections.groups ?? {})) {
      for (const [i, item] of items.entries()) {
        const problem = groupItemProblem(item)
        if (problem !== null) file.reportAt(['groups', name, i], `${problem}.`)
      }
      groups.set(name, createGroup(items))
    }
  }
  return { groups, lists: new Set(names.lists.keys()), hasEntry }
}

/** Everything that names stand for, for the hash of the rule set: equal when it means the same. */
export function namedContent(files: readonly RuleFile[]): string[] {
  return files.flatMap(({ sections: { define = {}, groups = {}, lists = [] } }) => [
    ...Object.entries(define).map((entry) => JSON.stringify(['define', ...entry])),
    ...Object.entries(groups).map(([name, items]) =>
      JSON.stringify(['group', name, [...new Set(items)].sort()]),
    ),
    ...lists.map(({ name, holds }) => JSON.stringify(['list', name, holds])),
  ])
}

/** Compiles the named expressions, each after those that it uses; what is wrong is reported where it stands. */
export function defineAll({ definitions }: Names, compiler: Compiler): void {
  const state = new Map<string, 'open' | 'done'>()
  const visit = (name: string, trail: readonly string[]): void => {
    const definition = definitions.get(name)
    if (definition === undefined || state.get(name) === 'done') return
    const { file, path, source } = definition
    if (state.get(name) === 'open') {
      const circle = [...trail.slice(trail.indexOf(name)), name].join(' → ')
      file.reportAt(path, `the expression needs itself: ${circle}.`)
      compiler.withhold(name)
      return
    }
    state.set(name, 'open')
    for (const used of compiler.references(source).names) visit(used, [...trail, name])
    state.set(name, 'done')
    const problems = compiler.define(name, source)
    const findings = problems.length === 0 ? compiler.lint(source) : problems
    for (const { message, offset } of findings) file.reportAt(path, message, offset)
  }
  for (const name of definitions.keys()) visit(name, [])
}

/** Reports every group, list and named expression that no rule needs, not even by way of another named expression. */
export function reportUnused(names: Names, files: readonly RuleFile[], compiler: Compiler): void {
  const used = { names: new Set<string>(), groups: new Set<string>(), lists: new Set<string>() }
  const add = (references: References): void => {
    for (const group of references.groups) used.groups.add(group)
    for (const list of references.lists) used.lists.add(list)
    for (const name of references.names) {
      const definition = names.definitions.get(name)
      if (definition === undefined || used.names.has(name)) continue
      used.names.add(name)
      add(compiler.references(definition.source))
    }
  }
  for (const { drafts } of files) {
    for (const { when } of drafts) if (when !== null) add(compiler.references(when))
  }
  const report = (declared: ReadonlyMap<string, Declared>, uses: ReadonlySet<string>, what: string): void => {
    for (const [name, { file, path }] of declared) {
      if (!uses.has(name))
        file.reportAt(path, `no rule uses the ${what} ${name}: remove it, or correct its name.`)
    }
  }
  report(names.groups, used.groups, 'group')
  report(names.lists, used.lists, 'list')
  report(names.definitions, used.names, 'named expression')
}
