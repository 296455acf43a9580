// The first half of decode: from a record's bytes to a JSON object without a card number in clear.
import { isUtf8 } from 'node:buffer'
import type { RejectCode } from '../errors.ts'
import type { LogRecord } from '../log/event-log.ts'
import { findClearCardNumber } from './card-check.ts'
import { jsonProblem } from './json-problem.ts'
import { findLeaf } from './json-tree.ts'
import { kindOf, shownPath } from './problem.ts'

/** Why a message is rejected. */
export interface Problem {
  readonly code: RejectCode
  readonly message: string
}

export type ReadMessage =
  | { readonly message: object; readonly problem: null }
  | { readonly message: null; readonly problem: Problem }

const BYTE_ORDER_MARK = 0xfeff
/** An escape of one half of a surrogate pair; in UTF-8 it cannot stand as a character. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/

/** The object in the record's value, or the first problem with it. A byte-order mark is left out. */
export function readMessage(record: LogRecord, maxMessageBytes: number): ReadMessage {
  const { value } = record
  if (value === null || value.length === 0) {
    return failed('MESSAGE_EMPTY', 'the message has no value; a tombstone means nothing on this topic')
  }
  if (value.length > maxMessageBytes) {
    return failed(
      'MESSAGE_TOO_LARGE',
      `the message has ${value.length} bytes; limits.maxMessageBytes allows ${maxMessageBytes}`,
    )
  }
  if (!isUtf8(value)) {
    return failed(
      'MESSAGE_NOT_JSON',
      'the message is not UTF-8; publish JSON, without a schema-registry prefix',
    )
  }
  const text = value.toString('utf8')
  const json = text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
  const message = parse(json)
  if (message === undefined) {
    const reason = jsonProblem(Buffer.from(json)) ?? 'it cannot be parsed'
    return failed('MESSAGE_NOT_JSON', `the message is not JSON: ${reason}`)
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return failed('MESSAGE_NOT_JSON', `the message must be one JSON object; found ${kindOf(message)}`)
  }
  const problem = clearCardNumber(json, message, record) ?? halfSurrogate(json, message)
  return problem === null ? { message, problem } : { message: null, problem }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function clearCardNumber(json: string, message: object, record: LogRecord): Problem | null {
  const where = findClearCardNumber(json, message, record)
  if (where === null) return null
  return {
    code: 'CARD_NUMBER_IN_CLEAR',
    message: `${shownPath(where)} holds a full card number; send the card's token instead, or, if it is another identifier, put a letter between its digits`,
  }
}

/** Two identifiers that differ in half a character alone would be one entity, because UTF-8 has no code for the half. */
function halfSurrogate(json: string, message: object): Problem | null {
  if (!SURROGATE_ESCAPE.test(json)) return null
  const leaf = findLeaf(message, ({ value }) => typeof value === 'string' && !value.isWellFormed())
  if (leaf === null) return null
  const where = leaf.isName ? `the name of a field of ${leaf.path || 'the message'}` : leaf.path
  return {
    code: 'EVENT_INVALID',
    message: `${shownPath(where)} holds half of a surrogate pair, which is no character`,
  }
}

function failed(code: RejectCode, message: string): ReadMessage {
  return { message: null, problem: { code, message } }
}
