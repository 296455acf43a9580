// Training on a million simulated events, from the first event to the written model: at most 15 minutes of CPU time, which on two cores is
// more than the wall time of an idle machine, and at most 4 GB of memory. Fails when either is more.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainCommand } from '../../src/cli/train.ts'

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const MOST_SECONDS = 15 * 60
const MOST_BYTES = 4e9

export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'training-'))
  const startedAt = performance.now()
  const before = process.cpuUsage()
  try {
    const options = [
      '--simulate',
      '--events',
      String(EVENTS),
      '--out',
      dir,
      '--no-current',
      '--name',
      'bench',
    ]
    await trainCommand().parseAsync(['node', 'paysentry', ...options])
  } finally {
    rmSync(dir, { recursive: true })
  }
  const { user, system } = process.cpuUsage(before)
  const cpuSeconds = (user + system) / 1e6
  // In kilobytes, of the whole process so far.
  const bytes = process.resourceUsage().maxRSS * 1_024
  const wallSeconds = (performance.now() - startedAt) / 1_000
  console.log(
    `training on ${EVENTS} events: ${cpuSeconds.toFixed(0)} s of CPU, ${wallSeconds.toFixed(0)} s on the clock, at most ${(bytes / 1e9).toFixed(2)} GB`,
  )
  const bar = (MOST_SECONDS * EVENTS) / 1_000_000
  if (cpuSeconds > bar)
    throw new Error(`it must take at most ${bar} s of CPU, and took ${cpuSeconds.toFixed(0)} s`)
  if (bytes > MOST_BYTES)
    throw new Error(`it must take at most 4 GB, and took ${(bytes / 1e9).toFixed(2)} GB`)
  console.log(`goals of ${bar} s of CPU and 4 GB: met`)
}
