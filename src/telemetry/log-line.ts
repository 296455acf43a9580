// A log line for a person at a terminal: time, level, message, fields; an error with its causes below.
// Control characters are shown, never sent to the terminal: part of a line may come from outside.

/** `12:00:00.000 WARN  Redis does not answer  attempt=2 waitMs=400`, and indented lines for `err`. */
export function formatLine(fields: unknown): string {
  if (!isRecord(fields)) return printable(JSON.stringify(fields))
  const { time, level, msg, err, ...rest } = fields
  const clock = typeof time === 'string' ? time.slice(11, 23) : ''
  const name = String(level).toUpperCase().padEnd(5)
  const tail = Object.entries(rest).map(([key, value]) => `${printable(key)}=${formatValue(value)}`)
  const text = printable(typeof msg === 'string' ? msg : '')
  const head = [`${clock} ${name} ${text}`, ...(tail.length > 0 ? [tail.join(' ')] : [])]
  return [head.join('  '), ...formatError(err, '  ')].join('\n')
}

function formatError(error: unknown, indent: string): string[] {
  if (!isRecord(error)) return []
  const { type, code, stage, message, stack, cause } = error
  const where = typeof stage === 'string' ? ` in ${stage}` : ''
  const title = `${indent}${printable(`${String(code ?? type)}${where}: `)}${block(String(message), indent)}`
  // The stack's first lines repeat name and message.
  const calls = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : []
  return [
    title,
    ...calls.map((line) => `${indent}  ${printable(line.trim())}`),
    ...(cause === undefined ? [] : formatCause(cause, indent)),
  ]
}

function formatCause(cause: unknown, indent: string): string[] {
  const [first = '', ...rest] = formatError(cause, `${indent}  `)
  return [`${indent}because ${first.trimStart()}`, ...rest]
}

/** Keeps the line feeds of a message, such as a list of problems, and indents what follows them. */
function block(text: string, indent: string): string {
  return text
    .split('\n')
    .map((line) => printable(line))
    .join(`\n${indent}`)
}

function formatValue(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@-]+$/.test(value)) return value
  return printable(JSON.stringify(value) ?? 'undefined')
}

function printable(text: string): string {
  // Controls, and the format characters that turn the writing direction, with which a line can read as another.
  return text.replaceAll(
    /[\p{Cc}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
