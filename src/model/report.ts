// The training report: one HTML page with its plots inside, from the manifest's figures alone.
import type { Manifest } from './manifest.ts'

const WIDTH = 420
const HEIGHT = 260
const MARGIN = 44

interface Point {
  readonly x: number
  readonly y: number
}

interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly lines: readonly {
    readonly name: string
    readonly colour: string
    readonly points: readonly Point[]
  }[]
}

/** HTML without scripts and without anything from elsewhere. */
export function trainingReport(manifest: Manifest): string {
  const { version, training, metrics, supervised } = manifest
  const rows = Object.entries(metrics)
    .filter(([, figures]) => figures['auc'] !== undefined)
    .map(([name, figures]) => `<tr><td>${name}</td>${cells(figures)}</tr>`)
  const plots = supervised === null ? [] : [lossPlot(supervised), reliabilityPlot(supervised)]
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Model ${version}</title>
<style>body{font:15px sans-serif;max-width:60em;margin:2em auto}td,th{padding:.2em .8em;text-align:right}svg{margin:1em 1em 0 0}</style>
<h1>Model ${version}</h1>
<p>${escaped(training.source)}, seed ${training.seed}: ${training.events} events, ${training.payments} payments,
${training.from} to ${training.to}. Figures on simulated traffic prove nothing about real traffic.</p>
<h2>Ranking on the calibration span</h2>
<p>${metrics['calibration_span']?.['frauds'] ?? 0} frauds among ${metrics['calibration_span']?.['payments'] ?? 0} payments.</p>
<table><tr><th>score</th><th>AUC</th><th>average precision</th><th>recall at 1 % false positives</th></tr>
${rows.join('\n')}
</table>
${plots.map(drawn).join('\n')}
</html>
`
}

function cells(figures: Readonly<Record<string, number>>): string {
  return ['auc', 'average_precision', 'recall_at_1_percent_false_positives']
    .map((name) => `<td>${figures[name] ?? ''}</td>`)
    .join('')
}

type Supervised = NonNullable<Manifest['supervised']>

function lossPlot({ loss }: Supervised): Plot {
  const line = (of: 'train' | 'validation') => loss.map((epoch, i) => ({ x: i + 1, y: epoch[of] }))
  return {
    title: 'Loss by epoch (training rows are a sample with more fraud in it)',
    x: 'epoch',
    y: 'cross-entropy',
    lines: [
      { name: 'training', colour: '#888', points: line('train') },
      { name: 'validation', colour: '#06c', points: line('validation') },
    ],
  }
}

/** On logarithmic axes: fraud is rare, and what is rare must not stick to the corner. */
function reliabilityPlot({ reliability }: Supervised): Plot {
  const log = (value: number): number => Math.log10(Math.max(value, 1e-5))
  return {
    title: 'Reliability: is the probability right? (powers of ten)',
    x: 'predicted',
    y: 'labelled fraud',
    lines: [
      {
        name: 'perfect',
        colour: '#aaa',
        points: [
          { x: -5, y: -5 },
          { x: 0, y: 0 },
        ],
      },
      {
        name: 'model',
        colour: '#06c',
        points: reliability.map(({ predicted, observed }) => ({ x: log(predicted), y: log(observed) })),
      },
    ],
  }
}

function drawn({ title, x, y, lines }: Plot): string {
  const points = lines.flatMap((line) => line.points)
  const [left, right] = bounds(points.map((point) => point.x))
  const [bottom, top] = bounds(points.map((point) => point.y))
  const atX = (value: number): string =>
    (MARGIN + ((value - left) / (right - left)) * (WIDTH - 2 * MARGIN)).toFixed(1)
  const atY = (value: number): string =>
    (HEIGHT - MARGIN - ((value - bottom) / (top - bottom)) * (HEIGHT - 2 * MARGIN)).toFixed(1)
  const text = (at: string, content: string): string => `<text ${at} font-size="11">${content}</text>`
  const drawnLines = lines.map(({ name, colour, points: of }, i) => {
    const path = of.map((point) => `${atX(point.x)},${atY(point.y)}`).join(' ')
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${text(`x="${WIDTH - 110}" y="${MARGIN + 14 * i}" fill="${colour}"`, name)}`
  })
  return `<svg width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${title}">
${text(`x="${MARGIN}" y="16"`, title)}
<path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="#000"/>
${text(`x="${MARGIN}" y="${HEIGHT - 28}"`, short(left))}${text(`x="${WIDTH - MARGIN - 20}" y="${HEIGHT - 28}"`, short(right))}
${text(`x="2" y="${HEIGHT - MARGIN}"`, short(bottom))}${text(`x="2" y="${MARGIN}"`, short(top))}
${text(`x="${WIDTH / 2 - 20}" y="${HEIGHT - 10}"`, x)}${text(`x="2" y="30"`, y)}
${drawnLines.join('\n')}
</svg>`
}

/** Least and largest, apart from each other. */
function bounds(values: readonly number[]): readonly [number, number] {
  const least = Math.min(...values)
  const largest = Math.max(...values)
  return largest > least ? [least, largest] : [least - 1, least + 1]
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
