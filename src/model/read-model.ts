// Reading a model's folder: the manifest, and every file that it names, each with the content that the manifest says.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError } from '../errors.ts'
import { FORMAT, type Manifest, manifestSchema, sha256 } from './manifest.ts'
import { CURRENT_FILE, MANIFEST_FILE, RARITY_FILES, SUPERVISED_FILES } from './model-files.ts'

export interface ReadModel {
  readonly manifest: Manifest
  /** SHA-256 of the manifest, hex. */
  readonly hash: string
  /** Contents of the files that are what the manifest says, by name. */
  readonly files: Readonly<Record<string, Buffer>>
  /** What is wrong with the others. */
  readonly problems: readonly string[]
}

/** Throws MODEL_INVALID when the manifest cannot be read. */
export function readModel(folder: string): ReadModel {
  const text = readText(folder, MANIFEST_FILE)
  const manifest = parseManifest(folder, text)
  const problems: string[] = []
  if (manifest.version !== basename(folder))
    problems.push(`${MANIFEST_FILE} is of version ${manifest.version}, not of this folder`)
  const files = readFiles(folder, manifest, problems)
  return { manifest, hash: sha256(text), files, problems }
}

/** The version that the file `current` names. Throws MODEL_INVALID. */
export function currentVersion(dir: string): string {
  const name = readText(dir, CURRENT_FILE).trim()
  if (/^\w[\w.-]*$/.test(name) && name !== CURRENT_FILE) return name
  throw invalidModel(dir, [`the file ${CURRENT_FILE} must hold the name of a version, found "${name}"`])
}

export function invalidModel(folder: string, problems: readonly string[], cause?: unknown): AppError {
  return new AppError('MODEL_INVALID', folder, cause === undefined ? { problems } : { problems, cause })
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function readText(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch (error) {
    const remedy =
      'see model.dir and model.version, train one with "paysentry train", or set model.version to none'
    throw invalidModel(folder, [`${file} cannot be read: ${messageOf(error)}; ${remedy}`], error)
  }
}

function parseManifest(folder: string, text: string): Manifest {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw invalidModel(folder, [`${MANIFEST_FILE} is not JSON: ${messageOf(error)}`], error)
  }
  const format: unknown =
    typeof content === 'object' && content !== null ? Reflect.get(content, 'format') : null
  if (format !== FORMAT) {
    throw invalidModel(folder, [
      `${MANIFEST_FILE} has the format ${JSON.stringify(format)}, and this version of paysentry reads ${FORMAT}: train the model again, with the command under "training" in it and --force`,
    ])
  }
  const parsed = manifestSchema.safeParse(content)
  if (parsed.success) return parsed.data
  throw invalidModel(
    folder,
    parsed.error.issues.map((issue) => `${MANIFEST_FILE}: ${issue.path.join('.')} ${issue.message}`),
  )
}

function readFiles(folder: string, manifest: Manifest, problems: string[]): Record<string, Buffer> {
  const files: Record<string, Buffer> = {}
  const nets = [RARITY_FILES, ...(manifest.supervised === null ? [] : [SUPERVISED_FILES])]
  for (const name of nets.flatMap(({ topology, weights }) => [topology, weights])) {
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
