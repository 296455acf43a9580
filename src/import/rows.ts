// The rows of a data set, one after another: CSV (RFC 4180) or JSON Lines. A broken row is reported and the next one follows.
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { parse } from 'csv-parse'
import { parseJsonRow } from './json-row.ts'
import type { Row, RowProblem } from './convert.ts'
import type { Mapping } from './mapping.ts'

export interface NumberedRow {
  /** Line of the file at which the row ends, from 1. */
  readonly line: number
  /** Null when the row is broken. */
  readonly row: Row | null
  readonly problem: RowProblem | null
}

export function readRows(
  input: Readable,
  { format, delimiter }: Pick<Mapping, 'format' | 'delimiter'>,
): AsyncIterable<NumberedRow> {
  return format === 'csv' ? csvRows(input, delimiter) : jsonRows(input)
}

async function* csvRows(input: Readable, delimiter: string): AsyncGenerator<NumberedRow> {
  const broken: NumberedRow[] = []
  let line = 1
  const parser = parse({
    delimiter,
    columns: true,
    bom: true,
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error === undefined) return
      const problem = { reason: 'row is not CSV', detail: error.message }
      broken.push({ line: Number(error['lines']), row: null, problem })
    },
  })
  input.on('error', (error) => parser.destroy(error))
  const records: AsyncIterable<{ readonly info: { readonly lines: number }; readonly record: Row }> =
    input.pipe(parser)
  for await (const { info, record } of records) {
    line = info.lines
    while ((broken[0]?.line ?? Number.POSITIVE_INFINITY) <= line) yield* broken.splice(0, 1)
    yield { line, row: record, problem: null }
  }
  yield* broken
}

async function* jsonRows(input: Readable): AsyncGenerator<NumberedRow> {
  let line = 0
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++
    if (text.trim() !== '') yield { line, ...parseJsonRow(text) }
  }
}
