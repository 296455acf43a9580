// Loaded before paysentry in a process of its own: reading a message with the mark in it ends the process on the spot, as an
// out-of-memory kill or a crash in native code would.
const parse = JSON.parse

JSON.parse = (text: string, reviver?: (this: unknown, key: string, value: unknown) => unknown) => {
  if (text.includes('"mark":"kills"')) process.kill(process.pid, 'SIGKILL')
  return parse(text, reviver)
}
