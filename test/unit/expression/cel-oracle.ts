// The library's own evaluator over the same events: what compiled closures are compared with, and measured against.
import { BlockList, isIP } from 'node:net'
import { EvaluationError, type ParseResult } from '@marcbachmann/cel-js'
import { createEnvironment, withEventType } from '../../../src/expression/environment.ts'
import { FIELDS } from '../../../src/expression/fields.ts'
import { createGroup } from '../../../src/expression/groups.ts'
import { isMembership, type Vocabulary } from '../../../src/expression/membership.ts'
import { isLocalFunction, NUMBER_FUNCTIONS, PAIR_FUNCTIONS } from '../../../src/expression/functions.ts'
import type { ExpressionView } from '../../../src/expression/view.ts'
import { isEntityType, isRecordKind, isWindowFunction, parseLength } from '../../../src/expression/windows.ts'
import { ENTITY_TYPES, type EntityType, RECORD_KINDS, type RecordKind } from '../../../src/velocity/entity.ts'
import type { WindowSet } from '../../../src/velocity/window.ts'

export interface Oracle {
  parse(source: string): ParseResult
  /** The event as the library wants it: int is bigint, missing texts are "". */
  contextOf(view: ExpressionView): Record<string, unknown>
  /** Must be called before an expression is run: windows are read from this view. */
  look(view: ExpressionView): void
}

/** `differs(a, b)` stands for `a != b` of numbers, which the library finds true for unknown numbers. */
export function createOracle(windows: WindowSet): Oracle {
  let current: ExpressionView | null = null
  const environment = createEnvironment('rule', (name) => {
    if (isWindowFunction(name)) {
      return (...args) => {
        const names = args.map(nameOf)
        const entities = names.filter((arg): arg is EntityType => isEntityType(arg))
        const lengths = names.map(parseLength).filter((length) => length !== null)
        const slot = windows.slot({
          fn: name,
          entity: entities[0]!,
          counterpart: entities[1] ?? null,
          lengthMs: lengths[0] ?? Number.POSITIVE_INFINITY,
          delayMs: lengths[1] ?? 0,
          kind: names.find((arg): arg is RecordKind => isRecordKind(arg)) ?? 'payment',
        })
        return current!.windows[slot]
      }
    }
    // Membership is asked for under other names: see below.
    if (name === 'in' || isMembership(name)) return () => undefined
    // Local time is asked for under another name as well.
    if (isLocalFunction(name)) return () => undefined
    if (name === 'degraded') {
      return (what) => current!.degraded.some((missing) => missing.split(':')[0] === what)
    }
    if (name === 'known') return (x) => x !== '' && !Number.isNaN(x)
    const unary = Object.entries(NUMBER_FUNCTIONS).find(([known]) => known === name)?.[1]
    if (unary !== undefined) return (x) => unary(Number(x))
    const pair = Object.entries(PAIR_FUNCTIONS).find(([known]) => known === name)![1]
    return (a, b) => pair(Number(a), Number(b))
  })
  const differs = (a: unknown, b: unknown): boolean => Number(a) < Number(b) || Number(a) > Number(b)
  for (const a of ['int', 'double']) {
    for (const b of ['int', 'double']) environment.registerFunction(`differs(${a}, ${b}): bool`, differs)
  }
  const membership = (name: string, test: (value: string, of: string) => boolean): void => {
    const isIn = (x: unknown, of: unknown): boolean => typeof x === 'string' && test(x, String(of))
    environment.registerFunction(`in_${name}(dyn, string): bool`, isIn)
  }
  membership('group', (value, group) => GROUPS[group]!.includes(value))
  membership('list', (value, list) => LISTS[list]!.includes(value))
  membership('cidr', isWithinBlock)
  environment.registerFunction('local_time(string, string): int', (who: unknown, part: unknown) =>
    localTime(current!, who === 'payer' ? 'payer' : 'payee', String(part)),
  )
  return {
    parse: (source) => environment.parse(withEventType(source)),
    look: (view) => {
      current = view
    },
    contextOf,
  }
}

export const GROUPS: Readonly<Record<string, readonly string[]>> = { near: ['AT', 'DE'], odd: ['12', 'a'] }
export const LISTS: Readonly<Record<string, readonly string[]>> = { mules: ['abc', 'zz9'], empty: [] }
/** A named expression of each type. */
export const DEFINITIONS = {
  is_small: 'amount < 7.0',
  twice: 'amount * 2.0',
  late_hour: 'hour + 1',
  home: "payer.country + 'x'",
} as const

export const VOCABULARY: Vocabulary = {
  groups: new Map(Object.entries(GROUPS).map(([name, items]) => [name, createGroup(items)])),
  lists: new Set(Object.keys(LISTS)),
  hasEntry: (list, value) => LISTS[list]!.includes(value),
}

/** By Node's own list of blocks, which also finds IPv4 in blocks of IPv6. */
export function isWithinBlock(address: string, block: string): boolean {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/, '')
  const family = isIP(plain)
  const [network = '', bits] = block.split('/')
  if (family === 0 || family !== isIP(network)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}

/** By Intl's own fields of the time; an error, as the library has them, when the zone is not known. */
function localTime(view: ExpressionView, who: 'payer' | 'payee', part: string): bigint {
  const timeZone = view.event[who]?.timeZone
  if (timeZone === undefined) throw new EvaluationError('the zone is not known')
  const options = { timeZone, hourCycle: 'h23', hour: '2-digit', weekday: 'short' } as const
  const parts = new Intl.DateTimeFormat('en-US', options).formatToParts(view.timeMs)
  const text = (type: string) => parts.find((found) => found.type === type)!.value
  if (part === 'local_hour') return BigInt(text('hour'))
  return BigInt(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(text('weekday')) + 1)
}

function contextOf(view: ExpressionView): Record<string, unknown> {
  const context: Record<string, unknown> = { score: view.score, attributes: view.event.attributes ?? {} }
  for (const [name, field] of Object.entries(FIELDS)) {
    const path = (name === 'type' ? 'event_type' : name).split('.')
    const leaf = path.pop()!
    let parent = context
    for (const step of path) parent = (parent[step] ??= {}) as Record<string, unknown>
    if (field.type === 'string') parent[leaf] = field.raw(view) ?? ''
    else parent[leaf] = field.type === 'int' ? BigInt(field.read(view)) : field.read(view)
  }
  for (const name of ENTITY_TYPES) context[name] ??= { name }
  for (const kind of Object.keys(RECORD_KINDS)) context[kind] = { kind }
  return context
}

/** An entity or kind is an object of a type that the library made; `device` and `payee` are known by their type alone. */
function nameOf(arg: unknown): string {
  if (typeof arg === 'string') return arg
  if (!(arg instanceof Map)) throw new TypeError(`no entity, kind or text: ${String(arg)}`)
  if (arg.constructor.name === 'Device') return 'device'
  if (arg.constructor.name === 'Payee') return 'payee'
  return String(arg.get('name') ?? arg.get('kind'))
}
