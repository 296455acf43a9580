// Compiled parts of an expression: closures over the event view, with the type that they return. All closures are total.
import type { Attribute, Reader } from './fields.ts'

export interface BoolPart {
  readonly type: 'bool'
  readonly run: Reader<boolean>
  readonly constant?: boolean
}

export interface NumberPart {
  readonly type: 'int' | 'double'
  /** NaN is unknown, also for int. */
  readonly run: Reader<number>
  readonly constant?: number
  /** Set when the number is nothing but this window. */
  readonly slot?: number
}

export interface TextPart {
  readonly type: 'string'
  readonly run: Reader<string>
  readonly constant?: string
  /** All that it can be, besides "". */
  readonly values?: readonly string[]
}

/** An attribute, whose type only the event knows. */
export interface DynPart {
  readonly type: 'dyn'
  readonly run: Reader<Attribute>
}

/** A list literal, which can stand right of `in` only. */
export interface ListPart {
  readonly type: 'list'
  readonly items: readonly ScalarPart[]
}

export type ScalarPart = BoolPart | NumberPart | TextPart | DynPart
export type Part = ScalarPart | ListPart

export const isNumber = (part: Part): part is NumberPart => part.type === 'int' || part.type === 'double'

export function constantBool(value: boolean): BoolPart {
  return { type: 'bool', run: () => value, constant: value }
}

export function constantNumber(type: NumberPart['type'], value: number): NumberPart {
  return { type, run: () => value, constant: value }
}

export function constantText(value: string): TextPart {
  return { type: 'string', run: () => value, constant: value }
}

/** The part as a number: itself, or an attribute that holds one and is unknown otherwise. Null for other types. */
export function asNumber(part: Part): NumberPart | null {
  if (isNumber(part)) return part
  if (part.type !== 'dyn') return null
  const { run } = part
  return {
    type: 'double',
    run: (view) => {
      const value = run(view)
      return typeof value === 'number' ? value : Number.NaN
    },
  }
}

/** The part as a text: itself, or an attribute that holds one and is "" otherwise. Null for other types. */
export function asText(part: Part): TextPart | null {
  if (part.type === 'string') return part
  if (part.type !== 'dyn') return null
  const { run } = part
  return {
    type: 'string',
    run: (view) => {
      const value = run(view)
      return typeof value === 'string' ? value : ''
    },
  }
}

/** The part as a condition: itself, or an attribute that is `true`. Null for other types. */
export function asBool(part: Part): BoolPart | null {
  if (part.type === 'bool') return part
  if (part.type !== 'dyn') return null
  const { run } = part
  return { type: 'bool', run: (view) => run(view) === true }
}
