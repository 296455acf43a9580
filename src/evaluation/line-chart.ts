// Lines in a plot as inline SVG, without a script; colours and dashes come from the page's style.
import { escaped } from '../backtest/charts.ts'
import type { CurvePoint } from './curves.ts'

export interface Line {
  readonly name: string
  /** Class of its stroke. */
  readonly style: string
  readonly points: readonly CurvePoint[]
}

export interface Axis {
  readonly name: string
  readonly from: number
  readonly to: number
  /** Where lines and labels stand. */
  readonly ticks: readonly { readonly at: number; readonly shown: string }[]
}

export interface LineChartOptions {
  readonly x: Axis
  readonly y: Axis
  readonly what: string
}

const WIDTH = 760
const HEIGHT = 340
const LEFT = 64
const RIGHT = 28
const BOTTOM = 44
const TOP = 14

/** What lies beyond an axis is drawn at its end. */
export function lineChart(lines: readonly Line[], { x, y, what }: LineChartOptions): string {
  const atX = (value: number): string => px(LEFT + share(value, x) * (WIDTH - LEFT - RIGHT))
  const atY = (value: number): string => px(HEIGHT - BOTTOM - share(value, y) * (HEIGHT - BOTTOM - TOP))
  const columns = x.ticks.map(
    ({ at, shown }) =>
      `<line class="grid" x1="${atX(at)}" x2="${atX(at)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="tick" x="${atX(at)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${escaped(shown)}</text>`,
  )
  const rows = y.ticks.map(
    ({ at, shown }) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${atY(at)}" y2="${atY(at)}"/><text class="tick" x="${LEFT - 8}" y="${Number(atY(at)) + 4}" text-anchor="end">${escaped(shown)}</text>`,
  )
  // The first line is drawn last, above the others.
  const drawn = lines.toReversed().map(({ name, style, points }) => {
    const path = points.map((point) => `${atX(point.x)},${atY(point.y)}`).join(' ')
    return `<polyline class="line ${style}" points="${path}"><title>${escaped(name)}</title></polyline>`
  })
  const names = `<text class="tick" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(x.name)}</text><text class="tick" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.name)}</text>`
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(what)}">${columns.join('')}${rows.join('')}${drawn.join('')}${names}</svg>`
}

/** A short piece of each line with its name. */
export function lineLegend(lines: readonly Pick<Line, 'name' | 'style'>[]): string {
  return `<p class="legend">${lines
    .map(
      ({ name, style }) =>
        `<span class="sample"><svg viewBox="0 0 28 8"><line class="line ${style}" x1="0" x2="28" y1="4" y2="4"/></svg>${escaped(name)}</span>`,
    )
    .join(' ')}</p>`
}

/** From 0 to 100 %, a line every fifth. */
export function shareAxis(name: string): Axis {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => ({ at, shown: `${Math.round(100 * at)} %` }))
  return { name, from: 0, to: 1, ticks }
}

function share(value: number, { from, to }: Axis): number {
  return Math.max(0, Math.min(1, (value - from) / (to - from)))
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}
