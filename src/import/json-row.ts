// A line of JSON as a row: every value as text, values of inner objects under their path (`card.number`).
import type { Row, RowProblem } from './convert.ts'

interface Parsed {
  readonly row: Row | null
  readonly problem: RowProblem | null
}

/** Null becomes "", as an empty cell of a CSV file. */
export function parseJsonRow(text: string): Parsed {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    return broken('line is not JSON', error instanceof Error ? error.message : String(error))
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return broken('line is no JSON object', 'a line must hold one object')
  const row: Record<string, string> = {}
  flatten(content, '', row)
  return { row, problem: null }
}

function broken(reason: string, detail: string): Parsed {
  return { row: null, problem: { reason, detail } }
}

function flatten(content: object, prefix: string, row: Record<string, string>): void {
  for (const [name, value] of Object.entries(content)) {
    const inner: unknown = value
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      flatten(inner, `${prefix}${name}.`, row)
    } else {
      row[prefix + name] = inner === null ? '' : typeof inner === 'string' ? inner : JSON.stringify(inner)
    }
  }
}
