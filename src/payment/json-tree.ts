// A walk over the texts and numbers of a parsed JSON document, however deep: no call stack that nesting could fill.

export interface Leaf {
  /** Dotted names from the top, list positions in brackets: `attributes.note`, `items[2].id`. */
  readonly path: string
  /** Names from the top; 1 for a field of the document itself. */
  readonly depth: number
  readonly value: string | number
  /** True when `value` is the name of a field of the object at `path` itself. */
  readonly isName: boolean
}

interface Node {
  readonly value: unknown
  readonly path: string
  readonly depth: number
}

/** The first leaf that `matches`; null when there is none. Names of fields are leaves too. */
export function findLeaf(document: object, matches: (leaf: Leaf) => boolean): Leaf | null {
  const open: Node[] = [{ value: document, path: '', depth: 0 }]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { value, path, depth } = node
    if (typeof value === 'string' || typeof value === 'number') {
      const leaf = { path, depth, value, isName: false }
      if (matches(leaf)) return leaf
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        open.push({ value: item, path: `${path}[${index}]`, depth: depth + 1 })
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, child] of Object.entries(value)) {
        const leaf = { path, depth, value: name, isName: true }
        if (matches(leaf)) return leaf
        open.push({ value: child, path: path === '' ? name : `${path}.${name}`, depth: depth + 1 })
      }
    }
  }
  return null
}
