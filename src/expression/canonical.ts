// A condition in one spelling, so that two that say the same can be found: without white space, parentheses and the order
// in which && and || join, with comparisons turned to < and <=.
import type { ASTNode } from '@marcbachmann/cel-js'
import { childrenOf, pathOf } from './ast.ts'

/** The conditions that && joins at the top, each in its one spelling. */
export function conjunctsOf(root: ASTNode): ReadonlySet<string> {
  return new Set(flatten(root, '&&').map(spell))
}

function spell(node: ASTNode): string {
  const path = pathOf(node)
  if (path !== null) return path
  switch (node.op) {
    case 'value':
      return literal(node.args)
    case '&&':
    case '||':
      return `(${[...new Set(flatten(node, node.op).map(spell))].sort().join(node.op)})`
    case '<':
    case '<=':
      return `(${node.args.map(spell).join(node.op)})`
    case '>':
    case '>=': {
      const [left, right] = node.args.map(spell)
      return `(${right}${node.op.replace('>', '<')}${left})`
    }
    case '==':
    case '!=':
      return `(${node.args.map(spell).sort().join(node.op)})`
    case 'call':
    case 'rcall':
      return `${node.args[0]}(${childrenOf(node).map(spell).join(',')})`
    case '!_':
    case '-_':
    case '%':
    case '.?':
    case '/':
    case '[?]':
    case '[]':
    case 'in':
    case 'list':
    case 'map':
    case '+':
    case '-':
    case '*':
    case '?:':
    case 'id':
    case '.':
      return `${node.op}(${childrenOf(node).map(spell).join(',')})`
  }
}

/** Whole numbers and others of one value are written alike: they compare alike. */
function literal(value: unknown): string {
  return typeof value === 'bigint' ? String(Number(value)) : JSON.stringify(value)
}

function flatten(node: ASTNode, op: '&&' | '||'): ASTNode[] {
  return node.op === op ? node.args.flatMap((side) => flatten(side, op)) : [node]
}
