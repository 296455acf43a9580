// Pieces of the schemas of files that people write: messages say what must stand there and what was probably meant.
import { z } from 'zod'
import { nearest } from '../nearest.ts'

/** A text without white space around it. */
export function textField(otherwise = 'must be a text') {
  return z.string({ error: ({ input }) => (input === undefined ? 'is missing' : otherwise) }).trim()
}

/** One of few texts. */
export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, {
    error: ({ input }) => {
      if (input === undefined) return 'is missing'
      if (typeof input !== 'string') return `must be one of ${values.join(', ')}`
      const near = nearest(input, values)
      const help = near === null ? '' : `; did you mean "${near}"?`
      return `must be one of ${values.join(', ')}, and is "${input}"${help}`
    },
  })
}

/** What an object or list that came from outside holds under this key; undefined when it holds nothing. */
export function childOf(parent: unknown, key: PropertyKey): unknown {
  return typeof parent === 'object' && parent !== null ? Reflect.get(parent, key) : undefined
}
