// Plots as inline SVG, without a script: colours come from the page's style, so that they suit light and dark.
// Every bar carries its figures as a title, which browsers show under the pointer and screen readers read.

export interface Bar {
  readonly label: string
  /** Heights of the parts, bottom to top. */
  readonly parts: readonly { readonly value: number; readonly style: string }[]
  readonly title: string
}

export interface ChartOptions {
  /** What the heights are, such as `alerts a day`. */
  readonly unit: string
  readonly format: (value: number) => string
}

const WIDTH = 760
const HEIGHT = 220
const LEFT = 64
const BOTTOM = 28
const TOP = 12
const TICKS = 4
const LABELS = 12

/** Stacked bars from left to right. */
export function barChart(bars: readonly Bar[], { unit, format }: ChartOptions): string {
  const totals = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0))
  // Below four, lines would stand at fractions of what is counted.
  const top = niceCeiling(Math.max(TICKS, ...totals))
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP)
  const step = (WIDTH - LEFT) / Math.max(1, bars.length)
  const every = Math.ceil(bars.length / LABELS)
  const grid = Array.from({ length: TICKS + 1 }, (_, i) => (top * i) / TICKS).map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${px(y(value))}" y2="${px(y(value))}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${px(y(value) + 4)}" text-anchor="end">${escaped(format(value))}</text>`,
  )
  const drawn = bars.map(({ label, parts, title }, i) => {
    const x = LEFT + i * step
    let base = 0
    const rects = parts.map(({ value, style }) => {
      const rect = `<rect class="${style}" x="${px(x + step * 0.12)}" width="${px(step * 0.76)}" y="${px(y(base + value))}" height="${px(y(base) - y(base + value))}"/>`
      base += value
      return rect
    })
    const name =
      i % every === 0
        ? `<text class="tick" x="${px(x + step / 2)}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(label)}</text>`
        : ''
    return `<g><title>${escaped(title)}</title>${rects.join('')}${name}</g>`
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(unit)}">${grid.join('')}${drawn.join('')}</svg>`
}

export interface Row {
  readonly label: string
  readonly bars: readonly { readonly value: number; readonly style: string; readonly shown: string }[]
}

const ROW_LABEL = 250
const ROW_VALUE = 110

/** Bars from left to right below each other, some for each row. `max` is a full bar. */
export function rowChart(rows: readonly Row[], max: number, what: string): string {
  const perBar = 14
  let y = 4
  const drawn = rows.map(({ label, bars }) => {
    const middle = y + (bars.length * perBar) / 2 + 4
    const lines = bars.map(({ value, style, shown }, i) => {
      const width = max === 0 ? 0 : (value / max) * (WIDTH - ROW_LABEL - ROW_VALUE)
      const at = y + i * perBar
      return `<rect class="${style}" x="${ROW_LABEL}" y="${at}" width="${px(width)}" height="${perBar - 3}"/><text class="tick" x="${px(ROW_LABEL + width + 6)}" y="${at + 10}">${escaped(shown)}</text>`
    })
    y += bars.length * perBar + 8
    return `<text class="row" x="${ROW_LABEL - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>${lines.join('')}`
  })
  return `<svg viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escaped(what)}">${drawn.join('')}</svg>`
}

/** The text, safe in HTML and in its attributes. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** The next 1, 2, 4 or 8 times a power of ten, so that four lines stand at readable values. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 8].find((factor) => factor * power >= value) ?? 10) * power
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}
