// The first look at a parsed expression: does every name in it exist? Finds all that is wrong, where the type checker
// stops at the first, and knows what the author may have meant.
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearest, suggestion } from '../nearest.ts'
import type { Horizons } from '../velocity/grid.ts'
import { childrenOf, pathOf } from './ast.ts'
import type { Scope } from './environment.ts'
import { FIELDS, IDENTIFIER_OF, OBJECTS } from './fields.ts'
import { DEGRADATIONS, degradationNamed, isLocalFunction, TEXT_METHODS, USAGE } from './functions.ts'
import { isMembership, membershipOf, type Vocabulary } from './membership.ts'
import { type Complain, isEntityType, isRecordKind, isWindowFunction, windowOf } from './windows.ts'

export interface NameRules {
  readonly scope: Scope
  readonly horizons: Horizons
  readonly vocabulary: Vocabulary
  /** Names of named expressions. */
  readonly definitions: Definitions
}

type Definitions = Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>

const METHODS: ReadonlySet<string> = new Set(TEXT_METHODS)

/** Complains about every name in the expression that does not exist or cannot stand where it stands. */
export function checkNames(root: ASTNode, rules: NameRules, complain: Complain): void {
  const visit = (node: ASTNode): void => {
    if (node.op === 'call') return checkCall(node, rules, visit, complain)
    const path = pathOf(node)
    if (path !== null) return checkPath(node, path, rules, complain)
    if (node.op === 'rcall' && !METHODS.has(node.args[0])) complain(node, unknownFunction(node.args[0]))
    if (node.op === 'list') checkList(node, complain)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
}

/** What the type checker would refuse without saying why. */
function checkList(node: ASTNode & { op: 'list' }, complain: Complain): void {
  if (node.args.length === 0) complain(node, 'nothing is in an empty list.')
  for (const item of node.args) {
    const path = pathOf(item.op === '[]' ? item.args[0] : item)
    if (path?.startsWith('attributes') === true)
      complain(item, 'an attribute cannot stand in a list: use ==.')
  }
}

function checkPath(node: ASTNode, path: string, { scope, definitions }: NameRules, complain: Complain): void {
  if (definitions.has(path)) return
  if (path === 'score' && scope === 'feature') {
    complain(node, 'the score is computed from the features, so a feature cannot read it.')
  } else if (!isReadable(path)) {
    complain(node, unknownName(path, definitions))
  }
}

function isReadable(path: string): boolean {
  return Object.hasOwn(FIELDS, path) || path === 'score' || /^attributes(\.[^.]+)?$/.test(path)
}

function unknownName(path: string, definitions: Definitions): string {
  if (isEntityType(path)) {
    return `${path} can only stand in a window, such as count(${path}, '1h'); its identifier is ${IDENTIFIER_OF[path]}.`
  }
  if (Object.hasOwn(OBJECTS, path)) {
    const fields = Object.keys(FIELDS).filter((name) => name.startsWith(`${path}.`))
    return `${path} is an object; read one of ${fields.join(', ')}.`
  }
  if (isRecordKind(path)) return `${path} can only stand in a window, such as count(card, '1h', ${path}).`
  const [head = ''] = path.split('.')
  const fields = [...Object.keys(FIELDS), 'score', 'attributes']
  const near = nearest(path, [...fields, ...definitions.keys()])
  if (near !== null) return `there is no ${path}. Did you mean "${near}"?`
  // A field that was written without its object, or under another one.
  const leaf = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  const namesake = fields.find((name) => name.toLowerCase().endsWith(`.${leaf}`))
  if (namesake !== undefined) return `there is no ${path}. Did you mean "${namesake}"?`
  if (!Object.hasOwn(OBJECTS, head)) return `there is no ${path}.`
  return `there is no ${path}; ${head} has ${fields.filter((name) => name.startsWith(`${head}.`)).join(', ')}.`
}

function checkCall(
  node: ASTNode & { op: 'call' },
  { scope, horizons, vocabulary, definitions }: NameRules,
  visit: (node: ASTNode) => void,
  complain: Complain,
): void {
  const [name, args] = node.args
  if (isWindowFunction(name)) {
    windowOf({ node, fn: name, args, horizons }, complain)
  } else if (name === 'has') {
    checkHas(args, definitions, complain)
  } else if (name === 'degraded') {
    checkDegraded(node, scope, complain)
  } else if (isLocalFunction(name)) {
    const [place, ...more] = args
    if (place?.op !== 'id' || !['payer', 'payee'].includes(place.args) || more.length > 0) {
      complain(node, `write ${USAGE[name]}.`)
    }
  } else if (isMembership(name)) {
    membershipOf(node, vocabulary, complain)
  } else if (isFunction(name)) {
    args.forEach(visit)
  } else {
    complain(node, unknownFunction(name))
    // Names in it may be names of the function that was meant, such as entities.
    for (const arg of args) if (arg.op !== 'id') visit(arg)
  }
}

function checkDegraded(node: ASTNode & { op: 'call' }, scope: Scope, complain: Complain): void {
  const [arg, ...more] = node.args[1]
  if (scope === 'feature') {
    complain(node, 'a feature cannot read what is missing: a model is trained on events that lack nothing.')
  } else if (arg?.op !== 'value' || typeof arg.args !== 'string' || more.length > 0) {
    complain(node, `write ${USAGE['degraded']}.`)
  } else if (degradationNamed(arg.args) === null) {
    complain(arg, `'${arg.args}' is nothing that can be missing.${suggestion(arg.args, DEGRADATIONS)}`)
  }
}

/** `size` is both: size(text) and text.size(). */
function isFunction(name: string): boolean {
  return name === 'size' || (Object.hasOwn(USAGE, name) && !METHODS.has(name))
}

function checkHas(args: readonly ASTNode[], definitions: Definitions, complain: Complain): void {
  for (const arg of args) {
    const path = pathOf(arg)
    if (path === null || !path.includes('.')) {
      complain(arg, `write ${USAGE['has']}; a number or text is tested with known(x).`)
    } else if (!isReadable(path) && !Object.hasOwn(OBJECTS, path)) {
      complain(arg, unknownName(path, definitions))
    }
  }
}

function unknownFunction(name: string): string {
  if (METHODS.has(name)) return `${name} is a method: write ${USAGE[name]}.`
  const usage = USAGE[name]
  if (usage !== undefined) return `${name} is a function: write ${usage}.`
  return `there is no function ${name}.${suggestion(name, Object.keys(USAGE))}`
}
