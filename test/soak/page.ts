// The report of a soak as one HTML page without a script: figures, memory, lag and throughput over time with the faults marked.
import { escaped } from '../../src/backtest/charts.ts'
import { PAGE_STYLE } from '../../src/backtest/page-style.ts'
import type { Sample } from './samples.ts'
import { type FaultMark, memoryOf, percent, problemsOf, type Soaked } from './verdict.ts'

const WIDTH = 960
const HEIGHT = 220
const LEFT = 70
const BOTTOM = 24
const TOP = 10
const TICKS = 4

export function soakPage(soaked: Soaked, title: string): string {
  const { samples, faults, outcome, saturation, rate } = soaked
  const memory = memoryOf(samples)
  const problems = problemsOf(soaked)
  const tile = (name: string, value: string, note: string): string =>
    `<div class="tile"><span>${name}</span><strong>${escaped(value)}</strong><span class="dim">${escaped(note)}</span></div>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}
.line { fill: none; stroke: var(--genuine); stroke-width: 1.2 } .mark { fill: var(--block); opacity: 0.22 }
</style>
</head>
<body><main>
<header><h1>${escaped(title)}</h1>
<p>${problems.length === 0 ? 'Everything is as it must be.' : problems.map(escaped).join('<br>')}</p></header>
<div class="tiles">
${tile('Messages', whole(outcome.published), `${whole(outcome.rejected)} rejected, ${outcome.undecided} without a decision or dead letter, ${outcome.repeated} with two`)}
${tile('Rate', `${whole(rate)} a second`, `half of the saturation, ${whole(saturation.before)}; ${whole(saturation.after)} after the soak`)}
${tile('Faults', whole(faults.length), `slowest return of the lag: ${slowest(faults)}`)}
${tile('Memory', `${whole(memory.meanBytes / 1_048_576)} MiB`, `${percent(memory.growthShare)} growth after the warm-up, ${whole(memory.slope / 1_048_576)} MiB an hour`)}
</div>
${plot('Resident memory of the processor that is never killed, MiB', soaked, ({ memoryBytes }) => (memoryBytes === null ? null : memoryBytes / 1_048_576))}
${plot('Records that wait', soaked, ({ lag }) => lag)}
${plot('Records committed a second', soaked, ({ throughput }) => throughput)}
<section><h2>Faults</h2><div class="scroll"><table><thead><tr><th class="number">At, s</th><th>Fault</th><th class="number">put right after, s</th><th class="number">lag back after, s</th></tr></thead><tbody>${faults.map(row).join('')}</tbody></table></div></section>
</main></body>
</html>
`
}

export function slowest(faults: readonly FaultMark[]): string {
  const times = faults.map(({ to, caughtUpAt }) =>
    caughtUpAt === null ? Number.POSITIVE_INFINITY : caughtUpAt - to,
  )
  return times.length === 0 ? 'none' : `${Math.max(...times).toFixed(0)} s`
}

function row({ name, from, to, caughtUpAt }: FaultMark): string {
  const back = caughtUpAt === null ? 'never' : (caughtUpAt - to).toFixed(1)
  return `<tr><td class="number">${from.toFixed(0)}</td><td>${escaped(name)}</td><td class="number">${(to - from).toFixed(1)}</td><td class="number">${back}</td></tr>`
}

/** A line over time; a fault is a band from its beginning to the return of the lag. */
function plot(title: string, { samples, faults }: Soaked, value: (sample: Sample) => number | null): string {
  const end = Math.max(1, samples.at(-1)?.at ?? 1)
  const points = samples.flatMap((sample) => {
    const y = value(sample)
    return y === null || Number.isNaN(y) ? [] : [{ at: sample.at, y }]
  })
  const top = Math.max(1, ...points.map(({ y }) => y)) * 1.05
  const x = (at: number): number => LEFT + (at / end) * (WIDTH - LEFT)
  const y = (height: number): number => HEIGHT - BOTTOM - (height / top) * (HEIGHT - BOTTOM - TOP)
  const grid = Array.from({ length: TICKS + 1 }, (_, i) => (top * i) / TICKS).map(
    (height) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${px(y(height))}" y2="${px(y(height))}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${px(y(height) + 4)}" text-anchor="end">${whole(height)}</text>`,
  )
  const minutes = Math.max(1, Math.ceil(end / 600))
  const times = Array.from({ length: Math.floor(end / 60 / minutes) + 1 }, (_, i) => i * minutes).map(
    (minute) =>
      `<text class="tick" x="${px(x(minute * 60))}" y="${HEIGHT - 6}" text-anchor="middle">${minute} min</text>`,
  )
  const bands = faults.map(({ name, from, to, caughtUpAt }) => {
    const width = Math.max(2, x(caughtUpAt ?? to) - x(from))
    return `<g><title>${escaped(name)}</title><rect class="mark" x="${px(x(from))}" y="${TOP}" width="${px(width)}" height="${HEIGHT - BOTTOM - TOP}"/></g>`
  })
  const line = points.map(({ at, y: height }) => `${px(x(at))},${px(y(height))}`).join(' ')
  return `<section><h2>${escaped(title)}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${grid.join('')}${times.join('')}${bands.join('')}<polyline class="line" points="${line}"/></svg></section>`
}

const GROUPS = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })

function whole(value: number): string {
  return GROUPS.format(value)
}

function px(value: number): string {
  return value.toFixed(1)
}
