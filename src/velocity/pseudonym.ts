// Entities under a keyed pseudonym: SipHash-2-4 with 128 bits over tenant NUL type NUL identifier.
// Guarantees that different (tenant, type, identifier) are hashed as different texts, so only chance (2^-64 for a
// billion entities) could join two entities; and that no identifier in clear leaves this file.
import { SocketAddress } from 'node:net'
import type { Label, PaymentEvent } from '../payment/event.ts'
import type { EntityRef, EntityType } from './entity.ts'
import { createSipHash128 } from './sip-hash.ts'

/** 64 bits of keyed hash, as two unsigned words. */
export interface Hash64 {
  readonly low: number
  readonly high: number
}

export interface Pseudonymiser {
  /** The entity of this identifier. IP addresses are brought into one spelling first. */
  entity(type: EntityType, id: string, tenant: string): EntityRef
  /** The entities that the event or label names, each type at most once, in the order of ENTITY_TYPES. */
  entitiesOf(event: PaymentEvent | Label): EntityRef[]
  /** How journals know an event of this tenant. */
  eventId(tenant: string, id: string): Hash64
  /** How journals know a label; never that of an event, also when both have the same id. */
  labelId(tenant: string, id: string): Hash64
}

/** `keyHex` is privacy.pseudonymKey: 32 hex digits. Throws RangeError for anything else. */
export function createPseudonymiser(keyHex: string): Pseudonymiser {
  if (!/^[0-9a-f]{32}$/i.test(keyHex)) throw new RangeError('a pseudonym key has 32 hex digits')
  const hash = createSipHash128(Buffer.from(keyHex, 'hex'))
  const words = new Uint32Array(4)
  const digest = Buffer.alloc(16)

  function digestOf(domain: string, id: string, tenant: string): void {
    hash(`${withoutNul(tenant)}\0${domain}\0${id}`, words)
  }

  function hash64(domain: string, id: string, tenant: string): Hash64 {
    digestOf(domain, id, tenant)
    return { low: words[0] ?? 0, high: words[1] ?? 0 }
  }

  function entity(type: EntityType, id: string, tenant: string): EntityRef {
    digestOf(type, type === 'ip' ? canonicalIp(id) : id, tenant)
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words
    digest.writeUInt32LE(w0, 0)
    digest.writeUInt32LE(w1, 4)
    digest.writeUInt32LE(w2, 8)
    digest.writeUInt32LE(w3, 12)
    return {
      type,
      pseudonym: digest.toString('base64url'),
      hash48: (w1 & 0xffff) * 0x1_0000_0000 + w0 || 1,
      // Bits that hash48 does not hold, so that a shard's entities do not share theirs.
      shard: w3 >>> 26,
    }
  }

  return {
    entity,
    entitiesOf(event) {
      const tenant = event.tenant ?? ''
      const { instrument, payer, device, payee } = event
      const found: EntityRef[] = []
      const add = (type: EntityType, id: string | undefined): void => {
        if (id !== undefined && id !== '') found.push(entity(type, id, tenant))
      }
      if (instrument?.type === 'card' || instrument?.type === 'wallet') add('card', instrument.token)
      add('account', payer.account)
      add('customer', payer.customer)
      add('device', device?.id ?? device?.fingerprint)
      add('ip', device?.ip)
      add('merchant', payee?.merchant)
      add('payee', payee?.account)
      return found
    },
    eventId: (tenant, id) => hash64('event', id, tenant),
    labelId: (tenant, id) => hash64('label', id, tenant),
  }
}

/**
 * The tenant without NUL, reversibly. The identifier comes last and may hold any character: with the first two fields
 * free of NUL, the first two NULs of the joined text are the separators, whatever follows.
 */
function withoutNul(tenant: string): string {
  if (!tenant.includes('\0') && !tenant.includes('\u0001')) return tenant
  return tenant.replaceAll('\u0001', '\u0001\u0001').replaceAll('\0', '\u0001\u0002')
}

/** RFC 5952 spelling for IPv6, IPv4 for an IPv4-mapped address; IPv4 and anything else as it is. */
function canonicalIp(id: string): string {
  if (!id.includes(':')) return id
  const parsed = SocketAddress.parse(`[${id}]`)
  if (parsed === undefined) return id
  return parsed.address.startsWith('::ffff:') && parsed.address.includes('.')
    ? parsed.address.slice(7)
    : parsed.address
}
