// The configuration table of README, from the schema in src/config.ts.
import { configEntries } from '../../src/config.ts'

const START = '<!-- config:start -->'
const END = '<!-- config:end -->'

/** `readme` with the table between its markers; unchanged when it has none. */
export function withConfigTable(readme: string): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  if (start === -1 || end < start) return readme
  return `${readme.slice(0, start + START.length)}\n${configTable()}${readme.slice(end)}`
}

/** A row for each setting: file path, environment variable, default, meaning. */
export function configTable(): string {
  const rows = configEntries().map(({ path, env, defaultValue, description, secret }) =>
    row([
      `\`${path}\``,
      `\`${env}\``,
      shownDefault(defaultValue),
      secret ? `${description} (secret)` : description,
    ]),
  )
  return `${row(['Setting', 'Environment', 'Default', 'Meaning'])}${row(['---', '---', '---', '---'])}${rows.join('')}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
}

function shownDefault(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'empty'
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
