// `x in list('…')`, `x in group('…')`, `x in cidr('…')`: what stands right of `in`, besides literal lists. Names and blocks
// are literal, so that everything wrong with them is known when the expression is loaded. A missing text is in none of them.
import type { ASTNode } from '@marcbachmann/cel-js'
import { suggestion } from '../nearest.ts'
import type { ExpressionView } from './view.ts'
import { USAGE } from './functions.ts'
import type { Group } from './groups.ts'
import { parseBlock } from './ip-address.ts'
import type { Complain } from './windows.ts'

export const MEMBERSHIPS = ['list', 'group', 'cidr'] as const
export type Membership = (typeof MEMBERSHIPS)[number]

/** The names that expressions can ask for, besides those of the language. */
export interface Vocabulary {
  readonly groups: ReadonlyMap<string, Group>
  /** Names of the lists that are declared. */
  readonly lists: ReadonlySet<string>
  /** Whether a list has a value at an event time, epoch milliseconds. */
  readonly hasEntry: (list: string, value: string, timeMs: number) => boolean
}

export const NO_VOCABULARY: Vocabulary = {
  groups: new Map(),
  lists: new Set(),
  hasEntry: () => false,
}

export function isMembership(name: string): name is Membership {
  return MEMBERSHIPS.some((known) => known === name)
}

/** The call of a membership function that the node is; null for any other node. */
export function membershipCall(node: ASTNode): { fn: Membership; args: readonly ASTNode[] } | null {
  if (node.op !== 'call') return null
  const [fn, args] = node.args
  return isMembership(fn) ? { fn, args } : null
}

export type MembershipTest = (value: string, view: ExpressionView) => boolean

/** The test behind a call of `list`, `group` or `cidr`; null when it cannot be used, after saying why. */
export function membershipOf(
  node: ASTNode,
  vocabulary: Vocabulary,
  complain: Complain,
): MembershipTest | null {
  const call = membershipCall(node)
  if (call === null) return null
  const [arg, ...more] = call.args
  if (arg?.op !== 'value' || typeof arg.args !== 'string' || more.length > 0) {
    return complain(node, `write ${USAGE[call.fn]}.`)
  }
  const name = arg.args
  switch (call.fn) {
    case 'cidr': {
      const block = parseBlock(name)
      if (block.ok) return block.has
      return complain(arg, `${block.message}: write one such as '10.0.0.0/8' or '2001:db8::/32'.`)
    }
    case 'group': {
      const group = vocabulary.groups.get(name)
      if (group !== undefined) return (value) => value !== '' && group(value)
      return complain(arg, `there is no group '${name}'.${suggestion(name, vocabulary.groups.keys())}`)
    }
    case 'list': {
      const { hasEntry } = vocabulary
      if (vocabulary.lists.has(name)) {
        return (value, view) => value !== '' && hasEntry(name, value, view.timeMs)
      }
      const near = suggestion(name, vocabulary.lists)
      return complain(
        arg,
        `no list '${name}' is declared.${near === '' ? ' Declare it under "lists:".' : near}`,
      )
    }
  }
}
