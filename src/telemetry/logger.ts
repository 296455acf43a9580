// The log: JSON lines for machines, or readable lines for a terminal.
// Every text of every line, whatever way it came in, loses the secrets of the configuration and full card numbers.
import { pino } from 'pino'
import { type Config, configEntries } from '../config.ts'
import { serializeError } from './error-fields.ts'
import { formatLine } from './log-line.ts'

export type LogLevel = Config['log']['level']
/** `err` holds what was thrown. */
export type LogFields = Readonly<Record<string, unknown>>
type LogCall = (fields: LogFields, message: string) => void

export interface Logger {
  readonly fatal: LogCall
  readonly error: LogCall
  readonly warn: LogCall
  readonly info: LogCall
  readonly debug: LogCall
  readonly trace: LogCall
  /** A logger whose lines carry these fields as well. */
  child(fields: LogFields): Logger
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** `json`: one object a line. `text`: for a person at a terminal. */
  readonly format: 'json' | 'text'
  /** Texts that must never be written; see `secretsOf`. */
  readonly secrets: readonly string[]
  /** Replaces full card numbers within a text. */
  readonly maskCardNumbers: (text: string) => string
  /** Whole lines with their line feed, such as `process.stdout`. */
  readonly destination: { write(line: string): unknown }
}

/** Shorter values are no secrets, and hiding them would garble other words. */
const MIN_SECRET_LENGTH = 4
const HIDDEN = '[secret]'
/** As deep as a line's fields are looked into. */
const MAX_DEPTH = 12

/**
 * pino, with one place that everything passes: the finished line is read back, each text in it is cleaned, and it is
 * written in its format. pino's own `redact` works on paths known beforehand and sees neither messages nor error texts.
 */
export function createLogger(options: LoggerOptions): Logger {
  const clean = createCleaner(options.secrets, options.maskCardNumbers)
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    {
      write(line: string) {
        const fields = clean(JSON.parse(line))
        options.destination.write(
          options.format === 'json' ? `${JSON.stringify(fields)}\n` : `${formatLine(fields)}\n`,
        )
      },
    },
  )
}

/** The values of all secret settings, and of the passwords within URLs, as they might turn up in a text. */
export function secretsOf(config: Config): string[] {
  const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = config
  const found = new Set<string>()
  for (const { path, secret } of configEntries()) {
    if (!secret) continue
    const [section = '', key = ''] = path.split('.')
    const value = settings[section]?.[key]
    if (typeof value !== 'string') continue
    found.add(value)
    // redis.url may list several nodes, each with the password.
    for (const url of [value, ...value.split(',')].filter((text) => URL.canParse(text))) {
      const { password } = new URL(url)
      found.add(password)
      found.add(decodeOrKeep(password))
    }
  }
  return [...found].filter((value) => value.length >= MIN_SECRET_LENGTH)
}

function decodeOrKeep(password: string): string {
  // A lone % is no escape; such a password stands in the URL as it is.
  return /%(?![0-9a-f]{2})/i.test(password) ? password : decodeURIComponent(password)
}

function createCleaner(secrets: readonly string[], maskCardNumbers: (text: string) => string) {
  // Longest first: a URL goes as a whole before the password within it.
  const hidden = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length)
  const cleanText = (text: string) => {
    let result = text
    for (const secret of hidden) result = result.replaceAll(secret, HIDDEN)
    return maskCardNumbers(result)
  }
  const clean = (value: unknown, depth = 0): unknown => {
    if (typeof value === 'string') return cleanText(value)
    if (typeof value === 'number') {
      const digits = String(value)
      const cleaned = cleanText(digits)
      return cleaned === digits ? value : cleaned
    }
    if (typeof value !== 'object' || value === null) return value
    if (depth >= MAX_DEPTH) return '[deeper]'
    if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [cleanText(key), clean(item, depth + 1)]),
    )
  }
  return (value: unknown) => clean(value)
}
