// What an import says of the rows that it rejected: by reason, how many, and the first of them with their lines.
import type { ImportResult, RejectedRow } from './import-rows.ts'

const EXAMPLES = 3

export interface RejectionReport {
  add(rejected: RejectedRow): void
  /** Sentences for a person, the most frequent reason first. */
  lines(result: ImportResult): string[]
}

export function createReport(): RejectionReport {
  const reasons = new Map<string, { count: number; examples: RejectedRow[] }>()
  return {
    add(rejected) {
      const entry = reasons.get(rejected.reason) ?? { count: 0, examples: [] }
      reasons.set(rejected.reason, entry)
      entry.count++
      if (entry.examples.length < EXAMPLES) entry.examples.push(rejected)
    },
    lines({ rows, events, labels, rejected, outOfOrder }) {
      const said = [`${rows} rows: ${events} events and ${labels} labels written, ${rejected} rows rejected`]
      for (const [reason, { count, examples }] of [...reasons].sort((a, b) => b[1].count - a[1].count)) {
        said.push(`${count} rejected, ${reason}:`)
        for (const { line, detail } of examples) said.push(`  line ${line}: ${detail}`)
        if (count > examples.length) said.push(`  and ${count - examples.length} more`)
      }
      if (outOfOrder > 0) {
        said.push(
          `${outOfOrder} events are older than events far before them in the file and were written where they stood: sort the file by time, or the windows that they fall into are short of them`,
        )
      }
      return said
    },
  }
}
