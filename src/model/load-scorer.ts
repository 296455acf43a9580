// Loads a model: every file is checked against the manifest's digests, the features are compiled, and the net must give the
// golden rows their scores, before it decides on anything. A wrong, truncated or tampered model is refused as a whole.
import { join } from 'node:path'
import type { Horizons } from '../velocity/grid.ts'
import type { WindowSet } from '../velocity/window.ts'
import { type Backend, readyBackend } from './backend.ts'
import { percentileOf } from './calibration.ts'
import { compileFeatures, compileUsual } from './features.ts'
import type { Manifest } from './manifest.ts'
import { createHeads, type Heads } from './heads.ts'
import { CURRENT_FILE, MANIFEST_FILE, type NetNames, RARITY_FILES, SUPERVISED_FILES } from './model-files.ts'
import { BLOCK_ROWS, restoreNetwork } from './network.ts'
import { currentVersion, invalidModel, messageOf, readModel } from './read-model.ts'
import { createScorer, type Scorer, type ScorerParts } from './scorer.ts'

/** How far a golden row's raw score may be off, relative to it: the arithmetic of another backend, not another net. */
const GOLDEN_TOLERANCE = 1e-5

export interface LoadScorerOptions {
  /** Folder of the versions. */
  readonly dir: string
  /** Folder within `dir`; `current` reads its name from the file `current`. */
  readonly version: string
  /** SHA-256 that its manifest must have, hex; any if absent. */
  readonly hash?: string | undefined
  readonly windows: WindowSet
  readonly horizons: Horizons
  readonly explainAbove: number
  /** The one that is there already, or else WASM, if absent. */
  readonly backend?: Backend
}

/** Throws MODEL_INVALID with every problem. */
export async function loadScorer(options: LoadScorerOptions): Promise<Scorer> {
  return createScorer({ ...(await loadModel(options)), explainAbove: options.explainAbove })
}

/** The model as it stands in its folder, checked. Throws MODEL_INVALID with every problem. */
export async function loadModel(
  options: Omit<LoadScorerOptions, 'explainAbove'>,
): Promise<Omit<ScorerParts, 'explainAbove'>> {
  const folder = join(
    options.dir,
    options.version === CURRENT_FILE ? currentVersion(options.dir) : options.version,
  )
  const { manifest, hash, files, problems: found } = readModel(folder)
  const problems = [...found]
  if (options.hash !== undefined && options.hash !== hash)
    problems.push(`${MANIFEST_FILE} has the SHA-256 ${hash}, not ${options.hash}`)
  const readFeatures = compileFeatures(manifest.features, options, problems)
  const readUsual = compileUsual(manifest.features, options, problems)
  if (problems.length > 0) throw invalidModel(folder, problems)
  await readyBackend(options.backend)
  const heads = await restoreHeads(folder, manifest, files)
  const run = (values: Float64Array, rows: number): Float64Array => heads.score(values, rows).raw
  try {
    const golden = checkGolden(folder, manifest, run)
    if (golden.length === 0) golden.push(...checkPositions(manifest, run))
    if (golden.length > 0) throw invalidModel(folder, golden)
  } catch (error) {
    heads.close()
    throw error
  }
  return { hash, manifest, heads, readFeatures, readUsual }
}

async function restoreHeads(
  folder: string,
  manifest: Manifest,
  files: Readonly<Record<string, Buffer>>,
): Promise<Heads> {
  const restore = (names: NetNames) =>
    restoreNetwork({
      topology: files[names.topology]?.toString('utf8') ?? '',
      weights: files[names.weights] ?? Buffer.alloc(0),
    }).catch((error: unknown) => {
      throw invalidModel(folder, [`the net ${names.topology} cannot be built: ${messageOf(error)}`], error)
    })
  const rarity = await restore(RARITY_FILES)
  const supervised = manifest.supervised === null ? null : await restore(SUPERVISED_FILES)
  return createHeads(manifest, { rarity, supervised })
}

type Run = (values: Float64Array, rows: number) => Float64Array

function checkGolden(folder: string, { golden, calibration }: Manifest, run: Run): string[] {
  let raws: Float64Array
  try {
    raws = run(Float64Array.from(golden.flatMap(valuesOf)), golden.length)
  } catch (error) {
    throw invalidModel(folder, [`a net does not take the features' inputs: ${messageOf(error)}`], error)
  }
  return golden.flatMap(({ raw, score }, i) => {
    const found = raws[i] ?? Number.NaN
    const near = Math.abs(found - raw) <= GOLDEN_TOLERANCE * Math.max(1, Math.abs(raw))
    return near && Math.abs(percentileOf(raw, calibration) - score) <= GOLDEN_TOLERANCE
      ? []
      : [`golden row ${i} has raw score ${found} where the manifest says ${raw} (score ${score})`]
  })
}

function valuesOf({ values }: Manifest['golden'][number]): number[] {
  return values.map((value) => value ?? Number.NaN)
}

/** Whether a row comes out the same to the bit wherever in a block it stands: nothing else of a batch may reach its score. */
export function checkPositions({ golden }: Pick<Manifest, 'golden'>, run: Run): string[] {
  const rows = golden.map(valuesOf)
  const alone = rows.map((row) => run(Float64Array.from(row), 1)[0])
  for (const shift of golden.keys()) {
    const at = (position: number): number => (position + shift) % golden.length
    const block = Float64Array.from({ length: BLOCK_ROWS }).fill(0)
    const values = Float64Array.from(Array.from(block, (_, i) => rows[at(i)] ?? []).flat())
    const raws = run(values, BLOCK_ROWS)
    const wrong = block.findIndex((_, i) => !Object.is(raws[i], alone[at(i)]))
    if (wrong >= 0)
      return [`golden row ${at(wrong)} comes out another at position ${wrong} of a batch on this machine`]
  }
  return []
}
