// What is wrong with an expression, and where. Positions are those of the expression's own text.

export interface ExpressionProblem {
  /** A sentence for the author, with a suggestion where there is one. */
  readonly message: string
  /** Index of the first character that it is about, in UTF-16 units. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
}

/** The problem at this offset of the source. */
export function problemAt(source: string, offset: number, message: string): ExpressionProblem {
  const at = Math.max(0, Math.min(offset, source.length))
  const before = source.slice(0, at)
  const lineStart = before.lastIndexOf('\n') + 1
  return { message, offset: at, line: before.split('\n').length, column: at - lineStart + 1 }
}
