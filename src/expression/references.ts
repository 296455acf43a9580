// What an expression refers to by name, for finding what is named and never used, or uses itself.
import type { ASTNode } from '@marcbachmann/cel-js'
import { childrenOf, pathOf } from './ast.ts'
import { ENTITY_TYPES, RECORD_KINDS } from '../velocity/entity.ts'
import { FIELDS, OBJECTS } from './fields.ts'
import { USAGE } from './functions.ts'
import { membershipCall } from './membership.ts'

export interface References {
  /** Names that stand alone: named expressions, and fields without a dot. */
  readonly names: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
  readonly lists: ReadonlySet<string>
}

export const NO_REFERENCES: References = { names: new Set(), groups: new Set(), lists: new Set() }

export function referencesIn(root: ASTNode): References {
  const found = { names: new Set<string>(), groups: new Set<string>(), lists: new Set<string>() }
  const visit = (node: ASTNode): void => {
    const call = membershipCall(node)
    const [arg] = call?.args ?? []
    if (arg?.op === 'value' && typeof arg.args === 'string') {
      if (call?.fn === 'group') found.groups.add(arg.args)
      if (call?.fn === 'list') found.lists.add(arg.args)
    }
    const path = pathOf(node)
    if (path !== null) found.names.add(path)
    else for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
  return found
}

/** Words of CEL itself, which parse as something else or are reserved. */
const CEL_WORDS = new Set(
  [
    'as break const continue else false for function if import in let loop null package namespace return self true var void',
    'while int uint double bool string bytes list map dyn type null_type optional optional_type duration timestamp google cel',
    'all exists exists_one map filter math strings base64 event_type',
  ].flatMap((line) => line.split(' ')),
)

/** What speaks against the name for an expression; null when nothing does. */
export function definitionNameProblem(name: string): string | null {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    return `"${name}" is no name for an expression: write words in small letters with underscores, such as is_remote`
  }
  const taken = takenBy(name)
  return taken === null ? null : `${name} is ${taken} already: choose another name`
}

function takenBy(name: string): string | null {
  if (CEL_WORDS.has(name)) return 'a word of the language'
  if (Object.hasOwn(FIELDS, name) || name === 'score' || name === 'attributes') return 'a field of the event'
  if (Object.hasOwn(OBJECTS, name)) return 'an object of the event'
  if (ENTITY_TYPES.some((entity) => entity === name)) return 'an entity'
  if (Object.hasOwn(RECORD_KINDS, name)) return 'a kind of record'
  return Object.hasOwn(USAGE, name) ? 'a function' : null
}
