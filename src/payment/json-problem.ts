// Where a text stops being JSON, for the person who must mend its publisher. Shows none of the text itself.
import { type Cursor, expected, skipSpace, skipValue } from '../telemetry/json-scan.ts'

const LINE_FEED = 0x0a

/** Such as `expected "," or "}" at line 1, column 21`; null when the bytes are one JSON value. */
export function jsonProblem(bytes: Buffer): string | null {
  const cursor: Cursor = { bytes, at: 0 }
  skipSpace(cursor)
  let problem = skipValue(cursor)
  if (problem === null) {
    skipSpace(cursor)
    if (cursor.at === bytes.length) return null
    problem = expected(cursor, 'the end of the message')
  }
  const before = bytes.subarray(0, cursor.at)
  const line = before.reduce((count, byte) => (byte === LINE_FEED ? count + 1 : count), 1)
  const column = before.toString('utf8', before.lastIndexOf(LINE_FEED) + 1).length + 1
  return `${problem.replace('the body ends', 'the message ends')} at line ${line}, column ${column}`
}
