// 1,000,000 simulated events through the whole pipeline in one process, started with the flags of `npm start`: what memory it takes
// at most, and how fast it goes. Fails when the resident set passes 700 MB.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = join(import.meta.dirname, '..', '..', 'package.json')

export async function run(): Promise<void> {
  const child = spawn(process.execPath, [...flagsOfStart(), join(import.meta.dirname, 'memory', 'fill.ts')], {
    stdio: 'inherit',
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`the process ended with ${String(code)}`)
}

function flagsOfStart(): string[] {
  const content: unknown = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  const command = JSON.stringify(content).match(/"start":"node ([^"]*)src\/main\.ts/)?.[1] ?? ''
  return command.split(' ').filter((flag) => flag !== '')
}
