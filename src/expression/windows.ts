// A call of a window function → the window that it asks for. Everything about it must be literal, so that all windows
// are known before the first event.
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearest } from '../nearest.ts'
import {
  COUNTERPARTS,
  ENTITY_TYPES,
  type EntityType,
  RECORD_KINDS,
  type RecordKind,
} from '../velocity/entity.ts'
import { WINDOW_FUNCTIONS, type WindowFunction, type WindowSpec } from '../velocity/window.ts'
import { USAGE } from './functions.ts'

/** Says what is wrong with the node; always returns null, so that it can stand for the missing value. */
export type Complain = (node: ASTNode, message: string) => null

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

export function isWindowFunction(name: string): name is WindowFunction {
  return WINDOW_FUNCTIONS.some((known) => known === name)
}

export function isEntityType(name: string): name is EntityType {
  return ENTITY_TYPES.some((known) => known === name)
}

export function isRecordKind(name: string): name is RecordKind {
  return Object.hasOwn(RECORD_KINDS, name)
}

export interface WindowCall {
  readonly node: ASTNode
  readonly fn: WindowFunction
  readonly args: readonly ASTNode[]
  /** How long journals are kept, milliseconds: the longest window that can be asked for. */
  readonly retentionMs: number
}

/** The window of a call such as `count(card, '10m', declined)`; null when something was wrong, after saying all of it. */
export function windowOf(call: WindowCall, complain: Complain): WindowSpec | null {
  const { node, fn } = call
  const rest = [...call.args]
  const seen = fn === 'first_seen' || fn === 'last_seen'
  const least = 1 + (fn === 'distinct' ? 1 : 0) + (seen ? 0 : 1)
  // min and max of two numbers are what a newcomer may look for here.
  const isPair = (fn === 'min' || fn === 'max') && (rest[0]?.op !== 'id' || !isText(rest[1]))
  if (rest.length < least || rest.length > least + 1 || isPair) return complain(node, `write ${USAGE[fn]}.`)

  const entity = nameOf(rest.shift(), ENTITIES, complain)
  const counterpart = fn === 'distinct' ? counterpartOf(rest.shift(), entity, complain) : undefined
  const lengthMs = seen ? Number.POSITIVE_INFINITY : lengthOf(rest.shift(), call.retentionMs, complain)
  const kindNode = rest.shift()
  const kind = kindNode === undefined ? 'payment' : nameOf(kindNode, KINDS, complain)
  if (entity === null || counterpart === null || lengthMs === null || kind === null) return null
  return { fn, entity, counterpart: counterpart ?? null, lengthMs, kind }
}

interface Names<T extends string> {
  readonly is: (name: string) => name is T
  readonly all: readonly string[]
  readonly what: string
}

const ENTITIES: Names<EntityType> = { is: isEntityType, all: ENTITY_TYPES, what: 'an entity' }
const KINDS: Names<RecordKind> = {
  is: isRecordKind,
  all: Object.keys(RECORD_KINDS),
  what: 'a kind of record',
}

function nameOf<T extends string>(node: ASTNode | undefined, names: Names<T>, complain: Complain): T | null {
  if (node === undefined) return null
  if (node.op !== 'id') return complain(node, `${names.what} must stand here: ${names.all.join(', ')}.`)
  if (names.is(node.args)) return node.args
  const near = nearest(node.args, names.all)
  const help = near === null ? `It must be one of ${names.all.join(', ')}.` : `Did you mean "${near}"?`
  return complain(node, `"${node.args}" is not ${names.what}. ${help}`)
}

function counterpartOf(
  node: ASTNode | undefined,
  entity: EntityType | null,
  complain: Complain,
): EntityType | null {
  const counterpart = nameOf(node, ENTITIES, complain)
  if (node === undefined || entity === null || counterpart === null) return null
  const countable: readonly EntityType[] = COUNTERPARTS[entity]
  if (countable.includes(counterpart)) return counterpart
  return complain(
    node,
    `"${counterpart}" cannot be counted for ${entity}: its journal remembers ${countable.join(', ')}.`,
  )
}

function lengthOf(node: ASTNode | undefined, retentionMs: number, complain: Complain): number | null {
  if (node === undefined) return null
  if (!isText(node)) {
    return complain(node, "the window's length must be a literal text, such as '10m', '24h' or '30d'.")
  }
  const lengthMs = parseLength(node.args)
  if (lengthMs === null) {
    return complain(
      node,
      `'${node.args}' is no length of time: write a whole number and a unit (ms, s, m, h, d, w), such as '90s', '10m', '24h' or '30d'.`,
    )
  }
  if (lengthMs > retentionMs) {
    return complain(
      node,
      `'${node.args}' is longer than journals are kept, which is ${retentionMs / UNIT_MS.d} days: raise velocity.retentionMs to at least ${lengthMs}, or shorten the window.`,
    )
  }
  return lengthMs
}

function isText(node: ASTNode | undefined): node is ASTNode & { op: 'value'; args: string } {
  return node?.op === 'value' && typeof node.args === 'string'
}

/** '90s' → 90,000 milliseconds; null for anything but a positive whole number and a unit. */
export function parseLength(text: string): number | null {
  const match = /^([1-9]\d{0,11})(ms|s|m|h|d|w)$/.exec(text)
  const [, digits, unit] = match ?? []
  if (digits === undefined || unit === undefined || !isUnit(unit)) return null
  return Number(digits) * UNIT_MS[unit]
}

function isUnit(text: string): text is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, text)
}
