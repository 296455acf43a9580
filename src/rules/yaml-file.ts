// A YAML file checked against a schema, where every problem knows its line: for files that people write by hand.
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { suggestion } from '../nearest.ts'

export type YamlPath = readonly PropertyKey[]

export interface YamlFile<T> {
  /** Null when the file does not follow the schema. */
  readonly value: T | null
  /** What the file holds, whether it follows the schema or not. */
  readonly content: unknown
  /** Adds a problem with the value at this path; `offset` counts in the text that stands there. */
  report(path: YamlPath, message: string, offset?: number): void
  /** All problems so far as `file:line:column label: message`, in the order of the file. */
  problems(): string[]
  /** The same, each followed by its line of the file and a caret under the place. */
  excerpts(): string[]
  /** `file:line:column` of the value at this path; `offset` counts in the text that stands there. */
  location(path: YamlPath, offset?: number): string
}

export interface YamlFileOptions<T> {
  /** As it is to be shown. */
  readonly file: string
  readonly text: string
  readonly schema: z.ZodType<T>
  /** What the value at this path belongs to, such as a rule's id; "" for nothing. */
  readonly label: (content: unknown, path: YamlPath) => string
  /** Keys that are allowed at this path, for suggestions. */
  readonly keys: (path: YamlPath) => readonly string[]
}

interface Located {
  readonly offset: number
  readonly problem: string
}

/** Parses and checks. Does not throw for anything that a person may have written. */
export function readYaml<T>(options: YamlFileOptions<T>): YamlFile<T> {
  const { file, text } = options
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const found: Located[] = []
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const add = (offset: number, label: string, message: string): void => {
    const sentence = /[.?]$/.test(message) ? message : `${message}.`
    found.push({ offset, problem: `${at(offset)} ${label === '' ? '' : `${label}: `}${sentence}` })
  }
  const content = contentOf(document, add)
  const value = found.length === 0 ? checked(options, document, content, add) : null
  return {
    value,
    content,
    problems: () => found.sort((a, b) => a.offset - b.offset).map(({ problem }) => problem),
    excerpts: () =>
      found
        .sort((a, b) => a.offset - b.offset)
        .map(({ offset, problem }) => `${problem}\n${excerpt(text, offset)}`),
    location: (path, offset) =>
      at(offset === undefined ? valueOffset(document, path) : scalarOffset(document, text, path, offset)),
    report(path, message, offset = 0) {
      add(scalarOffset(document, text, path, offset), options.label(content, path), message)
    },
  }
}

const LONGEST_EXCERPT = 100

/** The line that the offset is in and a caret under it; of a long line, what is around the place. */
function excerpt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', start)
  const line = text.slice(start, end === -1 ? text.length : end).trimEnd()
  const column = offset - start
  const from = Math.max(0, Math.min(column - LONGEST_EXCERPT / 2, line.length - LONGEST_EXCERPT))
  const shown = line.slice(from, from + LONGEST_EXCERPT)
  // A tab stays one, so that the caret stands right however wide it is shown.
  const indent = line
    .slice(from, column)
    .replaceAll(/[^\t]/g, ' ')
    .padEnd(column - from)
  return `  ${shown}\n  ${indent}^`
}

type Add = (offset: number, label: string, message: string) => void

function contentOf(document: Document, add: Add): unknown {
  for (const { pos, message } of document.errors) add(pos[0], '', `this is not YAML: ${message}`)
  if (document.errors.length > 0) return null
  try {
    const content: unknown = document.toJS({ maxAliasCount: 100 })
    return content
  } catch (error) {
    add(0, '', `this cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

function checked<T>(options: YamlFileOptions<T>, document: Document, content: unknown, add: Add): T | null {
  const parsed = options.schema.safeParse(content)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) {
    const label = options.label(content, issue.path)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const message = `"${key}" is no key here.${suggestion(key, options.keys(issue.path))}`
        add(keyOffset(document, [...issue.path, key]), label, message)
      }
    } else {
      const last = issue.path.at(-1)
      add(
        valueOffset(document, issue.path),
        label,
        `${typeof last === 'string' ? `${last} ` : ''}${issue.message}`,
      )
    }
  }
  return null
}

/** Where the value at this path stands; where it is missing, what should have held it. */
function valueOffset(document: Document, path: YamlPath): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range != null) return node.range[0]
  }
  return 0
}

function keyOffset(document: Document, path: YamlPath): number {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === path.at(-1))
    if (isNode(pair?.key) && pair.key.range != null) return pair.key.range[0]
  }
  return valueOffset(document, path)
}

/**
 * Where the character at `offset` of a text value stands in the file. Quotes, indentation and folding change nothing but
 * white space and doubled quotes, so both are walked side by side, white space left out.
 */
function scalarOffset(document: Document, text: string, path: YamlPath, offset: number): number {
  const start = valueOffset(document, path)
  const value = document.getIn(path)
  if (offset === 0 && !/['"|>]/.test(text.charAt(start))) return start
  if (typeof value !== 'string') return start
  const quote = /['"]/.test(text.charAt(start)) ? text.charAt(start) : ''
  // An escape in a double-quoted text is more characters in the file than in the value: the start has to do.
  if (quote === '"' && value.includes('\\')) return start
  let at = /['"]/.test(quote) ? start + 1 : start
  if (/[|>]/.test(text.charAt(start))) at = text.indexOf('\n', start) + 1
  for (let i = 0; i <= value.length; i++) {
    if (/\s/.test(value.charAt(i)) && i !== offset) continue
    // Behind the last character nothing is skipped: the end of an expression is where it ends.
    while (i < value.length && /\s/.test(text.charAt(at)) && at < text.length && !/\s/.test(value.charAt(i)))
      at++
    if (i === offset) return at
    at += quote === "'" && value.charAt(i) === "'" ? 2 : 1
  }
  return start
}
