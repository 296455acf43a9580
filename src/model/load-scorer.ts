// Loads a model: every file is checked against the manifest's digests, the features are compiled, and the net must give the
// golden rows their scores, before it decides on anything. A wrong, truncated or tampered model is refused as a whole.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError } from '../errors.ts'
import type { Horizons } from '../velocity/grid.ts'
import type { WindowSet } from '../velocity/window.ts'
import { readyBackend } from './backend.ts'
import { percentileOf } from './calibration.ts'
import { compileFeatures } from './features.ts'
import { type Manifest, manifestSchema, sha256 } from './manifest.ts'
import { CURRENT_FILE, MANIFEST_FILE, TOPOLOGY_FILE, WEIGHTS_FILE } from './model-files.ts'
import { BLOCK_ROWS, predict, restoreNetwork } from './network.ts'
import { createRawScore, encodeRow, inputWidth } from './reconstruction.ts'
import { createScorer, type Scorer } from './scorer.ts'

/** How far a golden row's raw score may be off, relative to it: the arithmetic of another backend, not another net. */
const GOLDEN_TOLERANCE = 1e-5
const VERSION_DIGITS = 12

export interface LoadScorerOptions {
  /** Folder of the versions. */
  readonly dir: string
  /** Folder within `dir`; `current` reads its name from the file `current`. */
  readonly version: string
  readonly windows: WindowSet
  readonly horizons: Horizons
  readonly explainAbove: number
}

/** Throws MODEL_INVALID with every problem. */
export async function loadScorer(options: LoadScorerOptions): Promise<Scorer> {
  const folder = join(
    options.dir,
    options.version === CURRENT_FILE ? currentVersion(options.dir) : options.version,
  )
  const text = readText(folder, MANIFEST_FILE)
  const manifest = parseManifest(folder, text)
  const problems: string[] = []
  if (manifest.version !== basename(folder))
    problems.push(`${MANIFEST_FILE} is of version ${manifest.version}, not of this folder`)
  const files = readFiles(folder, manifest, problems)
  const readFeatures = compileFeatures(manifest.features, options, problems)
  if (problems.length > 0) throw invalid(folder, problems)
  await readyBackend()
  const net = await restoreNetwork({
    topology: files[TOPOLOGY_FILE]?.toString('utf8') ?? '',
    weights: files[WEIGHTS_FILE] ?? Buffer.alloc(0),
  }).catch((error: unknown) => {
    throw invalid(folder, [`the net cannot be built: ${messageOf(error)}`], error)
  })
  const run = (input: Float32Array, rows: number): Float32Array => predict(net, input, rows)
  const golden = checkGolden(manifest, run)
  if (golden.length === 0) golden.push(...checkPositions(manifest, run))
  if (golden.length > 0) {
    net.dispose()
    throw invalid(folder, golden)
  }
  const version = `${manifest.version}@${sha256(text).slice(0, VERSION_DIGITS)}`
  return createScorer({ version, manifest, net, readFeatures, explainAbove: options.explainAbove })
}

/** The version that the file `current` names. Throws MODEL_INVALID. */
export function currentVersion(dir: string): string {
  const name = readText(dir, CURRENT_FILE).trim()
  if (/^\w[\w.-]*$/.test(name) && name !== CURRENT_FILE) return name
  throw invalid(dir, [`the file ${CURRENT_FILE} must hold the name of a version, found "${name}"`])
}

function readText(folder: string, file: string): string {
  return readFile(folder, file).toString('utf8')
}

function readFile(folder: string, file: string): Buffer {
  try {
    return readFileSync(join(folder, file))
  } catch (error) {
    const remedy =
      'see model.dir and model.version, train one with "paysentry train", or set model.version to none'
    throw invalid(folder, [`${file} cannot be read: ${messageOf(error)}; ${remedy}`], error)
  }
}

function parseManifest(folder: string, text: string): Manifest {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw invalid(folder, [`${MANIFEST_FILE} is not JSON: ${messageOf(error)}`], error)
  }
  const parsed = manifestSchema.safeParse(content)
  if (parsed.success) return parsed.data
  throw invalid(
    folder,
    parsed.error.issues.map((issue) => `${MANIFEST_FILE}: ${issue.path.join('.')} ${issue.message}`),
  )
}

/** The files that the manifest names, each with the content that it says. */
function readFiles(folder: string, manifest: Manifest, problems: string[]): Record<string, Buffer> {
  const files: Record<string, Buffer> = {}
  for (const name of [TOPOLOGY_FILE, WEIGHTS_FILE]) {
    const wanted = manifest.files[name]
    if (wanted === undefined) {
      problems.push(`${MANIFEST_FILE} has no SHA-256 of ${name}`)
      continue
    }
    try {
      const content = readFileSync(join(folder, name))
      if (sha256(content) === wanted) files[name] = content
      else
        problems.push(
          `${name} is not the file of the manifest: its SHA-256 is ${sha256(content)}, not ${wanted}`,
        )
    } catch (error) {
      problems.push(`${name} cannot be read: ${messageOf(error)}`)
    }
  }
  return files
}

function checkGolden(manifest: Manifest, run: (input: Float32Array, rows: number) => Float32Array): string[] {
  const { features, golden, calibration } = manifest
  const width = inputWidth(features)
  const rawScore = createRawScore(features)
  const input = new Float32Array(golden.length * width)
  const values = Float64Array.from(golden.flatMap((row) => row.values.map((value) => value ?? Number.NaN)))
  for (const i of golden.keys()) encodeRow(features, values, i * features.length, input, i * width)
  let output: Float32Array
  try {
    output = run(input, golden.length)
  } catch (error) {
    return [`the net does not take ${width} inputs: ${messageOf(error)}`]
  }
  const parts = new Float64Array(features.length)
  return golden.flatMap(({ raw, score }, i) => {
    const found = rawScore(values, i * features.length, input, output, i * width, parts)
    const near = Math.abs(found - raw) <= GOLDEN_TOLERANCE * Math.max(1, Math.abs(raw))
    return near && Math.abs(percentileOf(raw, calibration) - score) <= GOLDEN_TOLERANCE
      ? []
      : [`golden row ${i} has raw score ${found} where the manifest says ${raw} (score ${score})`]
  })
}

/** Whether a row comes out the same to the bit wherever in a block it stands: nothing else of a batch may reach its score. */
export function checkPositions(
  { features, golden }: Pick<Manifest, 'features' | 'golden'>,
  run: (input: Float32Array, rows: number) => Float32Array,
): string[] {
  const width = inputWidth(features)
  const inputs = golden.map((row) => {
    const values = Float64Array.from(row.values, (value) => value ?? Number.NaN)
    const input = new Float32Array(width)
    encodeRow(features, values, 0, input, 0)
    return input
  })
  const alone = inputs.map((input) => run(input, 1))
  const block = new Float32Array(BLOCK_ROWS * width)
  for (const shift of golden.keys()) {
    const at = (position: number): number => (position + shift) % golden.length
    for (let i = 0; i < BLOCK_ROWS; i++) block.set(inputs[at(i)] ?? [], i * width)
    const output = run(block, BLOCK_ROWS)
    for (let i = 0; i < BLOCK_ROWS; i++) {
      const wanted = alone[at(i)] ?? output
      for (let j = 0; j < width; j++) {
        if (Object.is(output[i * width + j], wanted[j])) continue
        return [`golden row ${at(i)} comes out another at position ${i} of a batch on this machine`]
      }
    }
  }
  return []
}

function invalid(folder: string, problems: readonly string[], cause?: unknown): AppError {
  return new AppError('MODEL_INVALID', folder, cause === undefined ? { problems } : { problems, cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
