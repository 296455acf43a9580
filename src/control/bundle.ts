// A signed rule set as one record: the rule files in canonical bytes, gzip, and Ed25519 over the bytes. Only what a key of
// rules.publicKeys has signed is ever loaded, and only under the hash that its publisher saw.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { RuleBundle } from './control-record.ts'

/** Kafka's default limit of a record is 1,048,588 bytes with its key, headers and framing. */
export const MAX_BUNDLE_BYTES = 900_000
/** A gzip that unpacks to more than this is no rule set. */
const MAX_UNPACKED_BYTES = 33_554_432

const contentSchema = z.strictObject({
  format: z.literal('paysentry-rules-1'),
  ruleSet: z.string(),
  files: z.array(
    z.strictObject({
      // A name alone: nothing is ever written outside the folder that is made for it.
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml$/),
      text: z.string(),
    }),
  ),
})
export type BundleContent = z.infer<typeof contentSchema>

/** Reads the files of a rule set under the hash that it has. */
export function bundleContent(ruleSet: string, paths: readonly string[]): BundleContent {
  const files = paths.map((path) => ({ name: basename(path), text: readFileSync(path, 'utf8') }))
  return { format: 'paysentry-rules-1', ruleSet, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

/** Signs and packs. Throws BUNDLE_REFUSED when the result is too large for a record. */
export function packBundle(
  content: BundleContent,
  privateKeyPem: string,
): Pick<RuleBundle, 'bundle' | 'signature'> {
  const bytes = Buffer.from(JSON.stringify(content))
  const bundle = gzipSync(bytes, { level: 9 }).toString('base64')
  if (bundle.length > MAX_BUNDLE_BYTES) {
    throw new AppError(
      'BUNDLE_REFUSED',
      `it takes ${bundle.length} bytes, more than the ${MAX_BUNDLE_BYTES} of a record; move long enumerations out of conditions into lists`,
    )
  }
  return { bundle, signature: sign(null, bytes, privateKey(privateKeyPem)).toString('base64') }
}

/** Verifies and unpacks the rule set of this hash. Throws BUNDLE_REFUSED. */
export function openBundle(hash: string, record: RuleBundle, publicKeys: readonly string[]): BundleContent {
  const refuse = (why: string, cause?: unknown): AppError =>
    new AppError('BUNDLE_REFUSED', `${hash}, published by ${record.author} at ${record.at}: ${why}`, {
      cause,
    })
  let bytes: Buffer
  try {
    bytes = gunzipSync(Buffer.from(record.bundle, 'base64'), { maxOutputLength: MAX_UNPACKED_BYTES })
  } catch (error) {
    throw refuse('it cannot be unpacked; publish it again', error)
  }
  const signature = Buffer.from(record.signature, 'base64')
  if (!publicKeys.some((key) => verify(null, bytes, publicKey(key), signature))) {
    throw refuse(
      'no key of rules.publicKeys has signed it; publish it with "rules publish --key" and the right key',
    )
  }
  const content = contentSchema.safeParse(JSON.parse(bytes.toString()))
  if (!content.success) throw refuse('this version of paysentry does not know its form')
  if (content.data.ruleSet !== hash) throw refuse(`what was signed is ${content.data.ruleSet}`)
  return content.data
}

/** Calls `work` with a folder that holds the files for as long as it runs. */
export function withBundleFolder<T>({ files }: BundleContent, work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'paysentry-rules-'))
  try {
    for (const { name, text } of files) writeFileSync(join(dir, name), text)
    return work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A fresh key pair: the private key as PEM, the public one as a line for rules.publicKeys. */
export function generateSigningKey(): { privateKeyPem: string; publicKey: string } {
  const pair = generateKeyPairSync('ed25519')
  return {
    privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }
}

/** Throws CONFIG_INVALID for a text that is no private key. */
export function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const detail = 'the file of --key holds no private key; make one with "paysentry rules keygen"'
    throw new AppError('CONFIG_INVALID', detail, { cause: error })
  }
}

/** Throws CONFIG_INVALID for a line that is no public key. */
export function publicKey(line: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(line, 'base64'), type: 'spki', format: 'der' })
  } catch (error) {
    const detail = `rules.publicKeys has "${line.slice(0, 12)}…", which is no key as "paysentry rules keygen" prints it`
    throw new AppError('CONFIG_INVALID', detail, { cause: error })
  }
}
