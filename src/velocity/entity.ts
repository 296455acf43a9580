// Entities, the kinds of record that their journals hold, and which counterparts a record remembers.

export const ENTITY_TYPES = ['card', 'account', 'customer', 'device', 'ip', 'merchant', 'payee'] as const
export type EntityType = (typeof ENTITY_TYPES)[number]

/** An entity under its pseudonym. The clear identifier does not leave decode. */
export interface EntityRef {
  readonly type: EntityType
  /** base64url of the 128-bit keyed hash of (tenant, type, identifier): 22 characters. */
  readonly pseudonym: string
  /** The low 48 bits of that hash, never 0: how other entities' journals remember this one. */
  readonly hash48: number
  /** Logical shard, 0 to 63. */
  readonly shard: number
}

/**
 * Kinds of journal record with their byte in the journal, 1 to 31. The numbers are stored: never reuse one.
 * `payment` is an authorisation, transfer or withdrawal that was not declined; from FIRST_LABEL_KIND on they are labels.
 */
export const RECORD_KINDS = {
  payment: 1,
  declined: 2,
  refund: 3,
  reversal: 4,
  login: 5,
  login_failed: 6,
  otp: 7,
  otp_failed: 8,
  profile_change: 9,
  payee_added: 10,
  fraud: 16,
  genuine: 17,
} as const
export type RecordKind = keyof typeof RECORD_KINDS
export const FIRST_LABEL_KIND = 16

/**
 * The counterparts that a record in the journal of each entity type remembers, in the order of its four slots:
 * what `distinct(entity, counterpart, window)` can count.
 */
export const COUNTERPARTS = {
  card: ['merchant', 'device', 'ip', 'account'],
  account: ['payee', 'device', 'ip', 'merchant'],
  customer: ['payee', 'device', 'ip', 'card'],
  device: ['card', 'account', 'customer', 'ip'],
  ip: ['card', 'account', 'customer', 'device'],
  merchant: ['card', 'account', 'device', 'ip'],
  payee: ['account', 'customer', 'device', 'ip'],
} as const satisfies Record<EntityType, readonly [EntityType, EntityType, EntityType, EntityType]>
