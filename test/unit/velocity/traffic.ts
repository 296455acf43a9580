// Batches for the velocity stage, made from a few short facts, and a check of their windows against the oracle.
import type { Batch, BatchEvent, BatchLabel } from '../../../src/batch.ts'
import type { PaymentEvent } from '../../../src/payment/event.ts'
import {
  COUNTERPARTS,
  type EntityRef,
  type EntityType,
  FIRST_LABEL_KIND,
  RECORD_KINDS,
  type RecordKind,
} from '../../../src/velocity/entity.ts'
import type { Horizons } from '../../../src/velocity/grid.ts'
import { journalKey } from '../../../src/velocity/journal-key.ts'
import { createPseudonymiser } from '../../../src/velocity/pseudonym.ts'
import { emptyWindows } from '../../../src/velocity/velocity.ts'
import { createWindowSet, WINDOW_FUNCTIONS, type WindowSet } from '../../../src/velocity/window.ts'
import { batchEventOf, batchOf, recordAt } from '../../support/batches.ts'
import { createOracle, idOf, type RawRecord, sameValue } from './oracle.ts'

export const pseudonymiser = createPseudonymiser('000102030405060708090a0b0c0d0e0f')
export const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** Entities are written `card:1`. */
export type EntityName = `${EntityType}:${string}`

export interface Fact {
  readonly id: string
  readonly entities: readonly EntityName[]
  /** After START_MS. */
  readonly atMs?: number
  /** Base minor units; NaN is unknown. */
  readonly amount?: number
  readonly type?: PaymentEvent['type']
  readonly outcome?: PaymentEvent['outcome']
  /** Makes it a label of the event with this id, and of this kind. */
  readonly labels?: string
  readonly verdict?: 'fraud' | 'genuine'
  /** Of a label: time of the labelled event, after START_MS. */
  readonly eventAtMs?: number
  /** Latitude and longitude. */
  readonly geo?: readonly [number, number]
}

const named = new Map<EntityName, EntityRef>()

export function entityNamed(name: EntityName): EntityRef {
  const entity = named.get(name) ?? parse(name)
  named.set(name, entity)
  return entity
}

function parse(name: EntityName): EntityRef {
  const colon = name.indexOf(':')
  const type = name.slice(0, colon) as EntityType
  return pseudonymiser.entity(type, name.slice(colon + 1), '')
}

export function eventFrom(fact: Fact, windows: WindowSet): BatchEvent {
  const amount = fact.amount ?? 1_000
  return batchEventOf(
    {
      id: fact.id,
      type: fact.type ?? 'authorisation',
      ...(fact.outcome === undefined ? {} : { outcome: fact.outcome }),
      ...(fact.geo === undefined ? {} : { device: { geo: { lat: fact.geo[0], lon: fact.geo[1] } } }),
    },
    {
      entities: fact.entities.map(entityNamed),
      timeMs: START_MS + (fact.atMs ?? 0),
      amount: amount / 100,
      amountBaseMinor: amount,
      windows: emptyWindows(windows),
    },
  )
}

function labelFrom(fact: Fact, event: string): BatchLabel {
  return {
    record: recordAt(0),
    label: {
      id: fact.id,
      event,
      label: fact.verdict ?? 'fraud',
      time: new Date(START_MS + (fact.atMs ?? 0)).toISOString(),
      payer: {},
    },
    timeMs: START_MS + (fact.atMs ?? 0),
    eventMs: START_MS + (fact.eventAtMs ?? fact.atMs ?? 0),
    entities: fact.entities.map(entityNamed),
  }
}

/** A batch of new events and labels; events first, as in a plan. */
export function batchFrom(facts: readonly Fact[], windows: WindowSet): Batch {
  return batchOf(
    facts.filter(({ labels }) => labels === undefined).map((fact) => eventFrom(fact, windows)),
    { labels: facts.flatMap((fact) => (fact.labels === undefined ? [] : [labelFrom(fact, fact.labels)])) },
  )
}

/** Far enough back that nothing is ever late or rounded, and a journal is kept as it is. */
export const WIDE: Horizons = {
  exactHorizonMs: 35 * 86_400_000,
  allowedLatenessMs: 35 * 86_400_000,
  retentionMs: 35 * 86_400_000,
}

/** Every function that there is over every length, delay and kind for each of the types, and a distinct count of every counterpart. */
export function allWindows(
  types: readonly EntityType[],
  lengthsMs: readonly number[],
  kinds: readonly RecordKind[],
  { delaysMs = [0], horizons = WIDE }: { delaysMs?: readonly number[]; horizons?: Horizons } = {},
): WindowSet {
  const set = createWindowSet()
  for (const entity of types) {
    for (const kind of kinds) {
      for (const fn of WINDOW_FUNCTIONS) {
        const isLabel = RECORD_KINDS[kind] >= FIRST_LABEL_KIND
        if (isLabel ? !OVER_LABELS.has(fn) : fn === 'rate') continue
        const hasLength = !WITHOUT_LENGTH.has(fn)
        for (const lengthMs of hasLength ? lengthsMs : [Number.POSITIVE_INFINITY]) {
          for (const delayMs of hasLength ? delaysMs : [0]) {
            if (fn === 'distinct' && lengthMs + delayMs > horizons.exactHorizonMs) continue
            const counterparts = fn === 'distinct' ? COUNTERPARTS[entity] : [null]
            for (const counterpart of counterparts)
              set.slot({ fn, entity, counterpart, lengthMs, delayMs, kind })
          }
        }
      }
    }
  }
  return set
}

const WITHOUT_LENGTH: ReadonlySet<string> = new Set(['first_seen', 'last_seen', 'distance', 'speed'])
const OVER_LABELS: ReadonlySet<string> = new Set(['count', 'rate', 'first_seen', 'last_seen'])

/**
 * What is wrong with the event's windows, or with what it says of being late, given the counted records of each journal: null when
 * nothing is.
 */
export function wrongWindow(
  event: BatchEvent,
  windows: WindowSet,
  journals: ReadonlyMap<string, readonly RawRecord[]>,
  horizons: Horizons = WIDE,
): string | null {
  const id = idOf(pseudonymiser.eventId('', event.event.id))
  const oracles = new Map(
    event.entities.map((entity) => {
      const records = journals.get(journalKey(entity)) ?? []
      return [entity.type, createOracle(records, entity.type, id, 100, horizons)]
    }),
  )
  const late = event.entities.map(({ type }) => type).filter((type) => oracles.get(type) === null)
  if (
    late
      .map((type) => `late:${type}`)
      .toSorted()
      .join() !== event.degraded.toSorted().join()
  ) {
    return `${event.event.id} says ${event.degraded.join()}, and is late for ${late.join()}`
  }
  const empty = emptyWindows(windows)
  for (const [slot, spec] of windows.specs.entries()) {
    const expected = oracles.get(spec.entity)?.(spec) ?? empty[slot]!
    const actual = event.windows[slot]!
    if (sameValue(spec, actual, expected)) continue
    const window = `${spec.fn}(${spec.entity}, ${spec.counterpart ?? '-'}, ${spec.lengthMs}, ${spec.kind}, ${spec.delayMs})`
    return `${window} of ${event.event.id} is ${actual}, not ${expected}`
  }
  return null
}

/** Keys of the journals that the events are in. */
export function keysOf(events: readonly BatchEvent[]): Set<string> {
  return new Set(events.flatMap(({ entities }) => entities.map(journalKey)))
}
