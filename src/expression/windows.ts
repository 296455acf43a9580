// A call of a window function → the window that it asks for. Everything about it must be literal, so that all windows
// are known before the first event.
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearest } from '../nearest.ts'
import { sourceOf } from './ast.ts'
import {
  COUNTERPARTS,
  ENTITY_TYPES,
  type EntityType,
  FIRST_LABEL_KIND,
  RECORD_KINDS,
  type RecordKind,
} from '../velocity/entity.ts'
import type { Horizons } from '../velocity/grid.ts'
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
  readonly horizons: Horizons
}

/** Functions that look back without a length: as far as journals go, or as far as they are exact. */
const WITHOUT_LENGTH: ReadonlySet<WindowFunction> = new Set(['first_seen', 'last_seen', 'distance', 'speed'])
export function isWithoutLength(fn: WindowFunction): boolean {
  return WITHOUT_LENGTH.has(fn)
}

/** Functions that mean something over labels, which have neither amounts nor counterparts nor positions. */
const OVER_LABELS: ReadonlySet<WindowFunction> = new Set(['count', 'rate', 'first_seen', 'last_seen'])

/**
 * The window of a call such as `count(card, '10m', declined)` or, with a delay, `rate(merchant, '28d', fraud, '7d')`; null when
 * something was wrong, after saying all of it.
 */
export function windowOf(call: WindowCall, complain: Complain): WindowSpec | null {
  const { node, fn } = call
  const rest = [...call.args]
  const hasLength = !WITHOUT_LENGTH.has(fn)
  const least = 1 + (fn === 'distinct' ? 1 : 0) + (hasLength ? 1 : 0) + (fn === 'rate' ? 1 : 0)
  const most = least + (fn === 'rate' ? 0 : 1) + (hasLength ? 1 : 0)
  // min and max of two numbers are what a newcomer may look for here.
  const isPair = (fn === 'min' || fn === 'max') && (rest[0]?.op !== 'id' || !isText(rest[1]))
  if (rest.length < least || rest.length > most || isPair) return complain(node, `write ${USAGE[fn]}.`)

  const entity = nameOf(rest.shift(), ENTITIES, complain)
  const counterpart = fn === 'distinct' ? counterpartOf(rest.shift(), entity, complain) : undefined
  const lengthNode = hasLength ? rest.shift() : undefined
  const lengthMs = hasLength ? lengthOf(lengthNode, LENGTH, complain) : Number.POSITIVE_INFINITY
  // The delay is the last argument and a text, so that it is not taken for a kind when there is none.
  const delayNode = hasLength && isText(rest.at(-1)) ? rest.pop() : undefined
  const delayMs = delayNode === undefined ? 0 : lengthOf(delayNode, DELAY, complain)
  const kindNode = rest.shift()
  const kind = kindNode === undefined ? 'payment' : nameOf(kindNode, KINDS, complain)
  if (rest.length > 0) return complain(node, `write ${USAGE[fn]}.`)
  if (entity === null || counterpart === null || lengthMs === null || kind === null || delayMs === null)
    return null
  const spec = { fn, entity, counterpart: counterpart ?? null, lengthMs, delayMs, kind }
  return checkReach(spec, lengthNode, call, complain) && checkKind(spec, call, complain) ? spec : null
}

/** Whether journals go back so far, as exactly as the function needs it. */
function checkReach(
  { fn, lengthMs, delayMs }: WindowSpec,
  lengthNode: ASTNode | undefined,
  { horizons }: WindowCall,
  complain: Complain,
): boolean {
  if (lengthNode === undefined) return true
  const reachMs = lengthMs + delayMs
  const what = `${sourceOf(lengthNode)}${delayMs === 0 ? '' : ' with its delay'}`
  if (reachMs > horizons.retentionMs) {
    complain(
      lengthNode,
      `${what} is longer than journals are kept, which is ${days(horizons.retentionMs)}: raise velocity.retentionMs to at least ${reachMs}, or shorten the window.`,
    )
    return false
  }
  if (fn === 'distinct' && reachMs > horizons.exactHorizonMs) {
    complain(
      lengthNode,
      `${what} is longer than different things can be counted, which is ${days(horizons.exactHorizonMs)}: raise velocity.exactHorizonMs to at least ${reachMs}, or shorten the window.`,
    )
    return false
  }
  return true
}

function checkKind({ fn, kind }: WindowSpec, { node }: WindowCall, complain: Complain): boolean {
  const isLabel = RECORD_KINDS[kind] >= FIRST_LABEL_KIND
  if (fn === 'rate' && !isLabel) {
    complain(node, `a rate is of labels: write ${USAGE['rate']}. For other kinds divide two counts.`)
    return false
  }
  if (isLabel && !OVER_LABELS.has(fn)) {
    complain(
      node,
      `a label has no amount, counterpart or position: over ${kind} there are count, rate, first_seen and last_seen.`,
    )
    return false
  }
  return true
}

function days(ms: number): string {
  const count = ms / UNIT_MS.d
  return Number.isInteger(count) && count > 1 ? `${count} days` : `${ms / UNIT_MS.h} hours`
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

interface LengthWords {
  readonly what: string
  readonly examples: string
}
const LENGTH: LengthWords = { what: "the window's length", examples: "'90s', '10m', '24h' or '30d'" }
const DELAY: LengthWords = { what: "the window's delay", examples: "'12h' or '7d'" }

function lengthOf(node: ASTNode | undefined, words: LengthWords, complain: Complain): number | null {
  if (node === undefined) return null
  if (!isText(node)) return complain(node, `${words.what} must be a literal text, such as ${words.examples}.`)
  const lengthMs = parseLength(node.args)
  if (lengthMs !== null) return lengthMs
  return complain(
    node,
    `'${node.args}' is no length of time: write a whole number and a unit (ms, s, m, h, d, w), such as ${words.examples}.`,
  )
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
