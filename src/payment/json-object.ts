// JSON objects from text that may be anything.

/** The object that the text is, a byte-order mark left out; null when it is no JSON, or JSON of another kind. */
export function parseObject(text: string): object | null {
  try {
    const parsed: unknown = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
    return typeof parsed === 'object' && !Array.isArray(parsed) ? parsed : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
