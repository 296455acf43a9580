// Tokens for identifiers that must not leave a data set as they are, card numbers above all.
import { createHmac } from 'node:crypto'

const TOKEN_CHARACTERS = 22

/**
 * A function from identifier to token: HMAC-SHA-256 under the key, cut to 132 bits. The same identifier has the same token in
 * every import under that key, whatever its column; nobody without the key can try card numbers until one fits.
 */
export function createTokeniser(keyHex: string): (id: string) => string {
  const key = Buffer.from(keyHex, 'hex')
  return (id) =>
    createHmac('sha256', key).update(`import\0${id}`).digest('base64url').slice(0, TOKEN_CHARACTERS)
}
