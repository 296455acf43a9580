// A backtest of a million simulated events with the rules and the model of this project: at most two minutes of CPU time, which is more
// than the wall time of an idle machine and depends less on what else runs. Fails when it takes longer.
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LEAST_CACHE_BYTES, runBacktest } from '../../src/backtest/backtest.ts'
import { loadBacktestKnowledge } from '../../src/backtest/load.ts'
import { fileRecording } from '../../src/backtest/recording.ts'
import { reportOf } from '../../src/backtest/report.ts'
import { backtestText } from '../../src/cli/backtest-text.ts'
import { loadConfig } from '../../src/config.ts'
import { topicNames } from '../../src/log/topics.ts'
import { encodeRecord } from '../../src/simulator/encode.ts'
import { createLineWriter } from '../../src/simulator/line-writer.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const MOST_SECONDS = 120
const START_MS = Date.UTC(2026, 0, 1)
const LINES_AT_ONCE = 2_000

export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'backtest-'))
  const file = join(dir, 'traffic.jsonl')
  try {
    await record(file)
    const config = loadConfig({ env: {} })
    const { knowledge } = await loadBacktestKnowledge(config, undefined)
    let peakBytes = 0
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    const counts = await runBacktest({
      recording: fileRecording(file),
      knowledge,
      against: null,
      unlabelled: 'genuine',
      horizons: config.velocity,
      cacheBytes: Math.max(config.velocity.cacheBytes, LEAST_CACHE_BYTES),
      maxMessageBytes: config.limits.maxMessageBytes,
      maxFutureSkewMs: config.velocity.maxFutureSkewMs,
      sinceMs: Number.NEGATIVE_INFINITY,
      untilMs: Number.POSITIVE_INFINITY,
      onProgress: () => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())),
    })
    const seconds = (performance.now() - startedAt) / 1_000
    const { user, system } = process.cpuUsage(cpu)
    const { base: currency, minorPerMajor } = knowledge.rates
    const context = { file: 'simulated traffic', currency, minorPerMajor, unlabelled: 'genuine' } as const
    const report = reportOf(counts, { ...context, model: knowledge.scorer?.version ?? null })
    console.log(backtestText(report, { width: 120, colour: false }))
    console.log(
      `backtest: ${counts.events} events in ${seconds.toFixed(1)} s (${Math.round(counts.events / seconds)}/s), ${((user + system) / counts.events).toFixed(1)} µs of CPU an event, at most ${Math.round(peakBytes / 2 ** 20)} MiB`,
    )
    const cpuSeconds = (user + system) / 1e6
    const bar = (MOST_SECONDS * EVENTS) / 1_000_000
    if (cpuSeconds > bar) {
      throw new Error(
        `the backtest of ${EVENTS} events must take at most ${bar} s of CPU, and took ${cpuSeconds.toFixed(1)} s`,
      )
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** Traffic of the default population, as `paysentry simulate --to FILE` writes it. */
async function record(file: string): Promise<void> {
  const simulator = createSimulator({ seed: 1, startMs: START_MS })
  const topics = topicNames('')
  const lines = createLineWriter(createWriteStream(file), () => undefined)
  let events = 0
  while (events < EVENTS) {
    const messages = []
    while (messages.length < LINES_AT_ONCE && events < EVENTS) {
      const next = simulator.next()
      if (next.kind === 'event') events++
      messages.push(encodeRecord(next, topics))
    }
    await lines.send(messages)
  }
  await lines.close()
}
