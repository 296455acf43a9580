// `npm run bench -- [name …]`: the benchmarks by name, all of them without one. Figures are CPU time unless they say otherwise:
// compare figures of one run with each other, not with another machine's.
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'

const all = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => basename(file, '.ts'))
  .sort()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${all.join(', ')}.`)
  process.exit(2)
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`)
for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`\n# ${name}`)
  const bench: { run(): Promise<void> } = await import(join(import.meta.dirname, `${name}.ts`))
  await bench.run()
}
// Libraries leave timers and sockets behind that would keep the process.
process.exit(0)
