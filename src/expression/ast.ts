// Ways around the library's syntax tree.
import type { ASTNode } from '@marcbachmann/cel-js'

export type BinaryNode = Extract<ASTNode, { readonly args: readonly [ASTNode, ASTNode] }>

/** The dotted name of `payer.account` and the like; null when the node is more than names and dots. */
export function pathOf(node: ASTNode): string | null {
  if (node.op === 'id') return node.args
  if (node.op !== '.') return null
  const left = pathOf(node.args[0])
  return left === null ? null : `${left}.${node.args[1]}`
}

/** The nodes right below, in the order of the text. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case '!_':
    case '-_':
      return [node.args]
    case 'map':
      return node.args.flat()
    case 'list':
    case '?:':
    case '[]':
    case '[?]':
    case '||':
    case '&&':
    case '!=':
    case '==':
    case 'in':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return node.args
  }
}

/**
 * The author's own text of the node on one line. A node's range leaves out the parentheses around its outer operands, as in
 * `(a + b) * c`, so as many are taken in as are missing. (The library's `serialize` drops some that matter.)
 */
export function sourceOf({ input, start, end }: ASTNode): string {
  let depth = 0
  let lowest = 0
  for (const [token] of input.slice(start, end).matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[()]/g)) {
    if (token === '(') depth++
    else if (token === ')') lowest = Math.min(lowest, --depth)
  }
  let from = start
  for (let missing = -lowest; missing > 0; missing--) from = input.lastIndexOf('(', from - 1)
  let to = end
  for (let missing = depth - lowest; missing > 0; missing--) to = input.indexOf(')', to) + 1
  return input.slice(Math.max(0, from), Math.max(end, to)).replaceAll(/\s+/g, ' ')
}
