const PLAIN = /^[\w./:=@%+,-]+$/

/** A value as it is typed in a POSIX shell: within single quotes where it holds what a shell would take apart. */
export function shellWord(value: string): string {
  return PLAIN.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`
}
