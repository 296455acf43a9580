// Signatures of control records: Ed25519 over what a record is about and all that it says, in one canonical form.
import { sign, verify } from 'node:crypto'
import { privateKey, publicKey } from './bundle.ts'

/** The signature of a record with this key and these fields, base64. Throws CONFIG_INVALID for what is no private key. */
export function signRecord(key: string, fields: object, privateKeyPem: string): string {
  return sign(null, signedBytes(key, fields), privateKey(privateKeyPem)).toString('base64')
}

/** Whether one of the keys has signed the record, its `signature` apart. Throws CONFIG_INVALID for a line that is no public key. */
export function isSigned(
  key: string,
  { signature, ...fields }: { readonly signature: string },
  publicKeys: readonly string[],
): boolean {
  const bytes = signedBytes(key, fields)
  return publicKeys.some((line) => verify(null, bytes, publicKey(line), Buffer.from(signature, 'base64')))
}

function signedBytes(key: string, fields: object): Buffer {
  return Buffer.from(JSON.stringify([key, ordered(fields)]))
}

/** The same value with the fields of every object in the order of their names. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, content]) => [name, ordered(content)]))
}
