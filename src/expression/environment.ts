// The CEL environment that expressions are parsed and type-checked in. Evaluation is compiler.ts's work: the handlers
// given here are called only by someone who runs the library's own evaluator, as the property test and the bench do.
import { Environment, type ObjectSchema } from '@marcbachmann/cel-js'
import { ENTITY_TYPES, RECORD_KINDS } from '../velocity/entity.ts'
import { WINDOW_FUNCTIONS } from '../velocity/window.ts'
import { FIELDS } from './fields.ts'
import { LOCAL_FUNCTIONS, NUMBER_FUNCTIONS, PAIR_FUNCTIONS } from './functions.ts'
import { MEMBERSHIPS } from './membership.ts'
import { isWithoutLength } from './windows.ts'

/** `rule` may read the model's score; a model's `feature` may not. */
export type Scope = 'rule' | 'feature'

/** What a function of the language does, by its name. Arguments and results are as the library has them: int is bigint. */
export type Handlers = (name: string) => (...args: readonly unknown[]) => unknown

/** Limits of one expression: far more than a person writes, and safe for recursion. */
const LIMITS = {
  maxAstNodes: 1_000,
  maxDepth: 64,
  maxListElements: 500,
  maxMapEntries: 0,
  maxCallArguments: 8,
}

/** `device` and `payee` are entities and objects of the event at the same time, so they have types of their own. */
const ENTITY_TYPE = { device: 'Device', payee: 'Payee' } as const
const ENTITY_TYPE_NAMES = ['Entity', 'Device', 'Payee'] as const

/**
 * `type` is a built-in of CEL and cannot be declared again, only shadowed: check `withEventType(source)` instead of the
 * source. Positions in it are `EVENT_TYPE_SHIFT` larger.
 */
export const withEventType = (source: string): string => `${SHADOW}${source}\n)`
const SHADOW = 'cel.bind(type, event_type, '
export const EVENT_TYPE_SHIFT = SHADOW.length

export function createEnvironment(scope: Scope, handlers: Handlers = notEvaluated): Environment {
  const env = new Environment({ limits: LIMITS })
  declareVariables(env, scope)
  const declare = (name: string, args: readonly string[], result: string): void => {
    env.registerFunction(`${name}(${args.join(', ')}): ${result}`, handlers(name), { async: false })
  }
  declareWindows(declare)
  declare('known', ['dyn'], 'bool')
  for (const name of LOCAL_FUNCTIONS) for (const type of ['Payer', 'Payee']) declare(name, [type], 'int')
  if (scope === 'rule') declare('degraded', ['string'], 'bool')
  for (const name of MEMBERSHIPS) declare(name, ['string'], 'Values')
  env.registerOperator('string in Values: bool', handlers('in'))
  for (const name of Object.keys(NUMBER_FUNCTIONS)) {
    for (const type of ['int', 'double']) declare(name, [type], 'double')
  }
  for (const name of Object.keys(PAIR_FUNCTIONS)) {
    for (const a of ['int', 'double']) for (const b of ['int', 'double']) declare(name, [a, b], 'double')
  }
  declarePromotion(env)
  return env
}

function declareVariables(env: Environment, scope: Scope): void {
  const objects: Record<string, ObjectSchema> = {}
  for (const [name, field] of Object.entries(FIELDS)) {
    const path = name.split('.')
    const leaf = path.pop() ?? ''
    if (path.length === 0) env.registerVariable(name === 'type' ? 'event_type' : name, field.type)
    else objectOf(objects, path)[leaf] = field.type
  }
  for (const [name, schema] of Object.entries(objects)) {
    const typeName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
    env.registerType(typeName, { schema })
    env.registerVariable(name, typeName)
  }
  env.registerType('Entity', { fields: { name: 'string' } })
  for (const name of ENTITY_TYPES) if (!(name in ENTITY_TYPE)) env.registerVariable(name, 'Entity')
  env.registerType('Values', { fields: { name: 'string' } })
  env.registerType('Kind', { fields: { kind: 'string' } })
  for (const name of Object.keys(RECORD_KINDS)) env.registerVariable(name, 'Kind')
  env.registerVariable('attributes', 'map<string, dyn>')
  if (scope === 'rule') env.registerVariable('score', 'double')
}

function objectOf(objects: Record<string, ObjectSchema>, path: readonly string[]): ObjectSchema {
  let schema: Record<string, string | ObjectSchema> = objects
  for (const step of path) {
    const next = schema[step]
    schema = typeof next === 'object' ? next : (schema[step] = {})
  }
  return schema
}

type Declare = (name: string, args: readonly string[], result: string) => void

/**
 * Windows are doubles, counts too: a share of declined payments is
 * `count(card, '1h', declined) / count(card, '1h')`, which would always be 0 in whole numbers.
 */
function declareWindows(declare: Declare): void {
  for (const name of WINDOW_FUNCTIONS) {
    for (const entity of ENTITY_TYPE_NAMES) {
      const counterparts = name === 'distinct' ? ENTITY_TYPE_NAMES : [null]
      for (const counterpart of counterparts) {
        const args = [entity, ...(counterpart === null ? [] : [counterpart])]
        if (isWithoutLength(name)) {
          declare(name, args, 'double')
          declare(name, [...args, 'Kind'], 'double')
          continue
        }
        // Length, kind, delay.
        if (name !== 'rate') {
          declare(name, [...args, 'string'], 'double')
          declare(name, [...args, 'string', 'string'], 'double')
        }
        declare(name, [...args, 'string', 'Kind'], 'double')
        declare(name, [...args, 'string', 'Kind', 'string'], 'double')
      }
    }
  }
}

/** CEL itself has no arithmetic between int and double; here the int becomes a double. */
function declarePromotion(env: Environment): void {
  const both = (operator: string, result: string, apply: (a: number, b: number) => unknown): void => {
    const promoted = (a: unknown, b: unknown): unknown => apply(Number(a), Number(b))
    env.registerOperator(`int ${operator} double: ${result}`, promoted)
    env.registerOperator(`double ${operator} int: ${result}`, promoted)
  }
  both('+', 'double', (a, b) => a + b)
  both('-', 'double', (a, b) => a - b)
  both('*', 'double', (a, b) => a * b)
  both('/', 'double', (a, b) => a / b)
  // The library derives `double == int` and both `!=` from this one.
  env.registerOperator('int == double: bool', (a: unknown, b: unknown) => Number(a) === Number(b))
  const within = (x: unknown, list: unknown): boolean =>
    Array.isArray(list) && list.some((item) => Number(item) === Number(x))
  env.registerOperator('double in list<int>: bool', within)
  env.registerOperator('int in list<double>: bool', within)
}

function notEvaluated(name: string): () => never {
  return () => {
    throw new Error(`${name} is only declared; expressions run as compiled closures`)
  }
}
