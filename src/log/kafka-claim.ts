// A claim: what a consumer holds of one partition for one generation of the group. It knows where the group stood when
// it was made, and it is the way to publish and commit for that partition.
import type { Offsets } from 'kafkajs'
import type { OutputRecord } from './event-log.ts'

/** Where a group stands in a partition; -1 if it has no offset. */
export interface Position {
  readonly nextOffset: bigint
  readonly note: string
}

export type CommitToGroup = (offsets: Offsets) => Promise<void>

export interface Claim {
  /** Where the group stands, by the last commit that this claim knows of. Records before it are done. */
  position(): Position
  /** Throws what `PartitionBatch.publish` says. */
  publish(outputs: readonly OutputRecord[]): Promise<void>
  /** Moves the group to the position. Throws what `PartitionBatch.commit` says. */
  commit(position: Position, toGroup: CommitToGroup): Promise<void>
  /** Takes back what was published and not committed, as far as the mode can. Does not throw. */
  abandon(): Promise<void>
  /** False once it failed in a way that only a new claim mends. */
  isSound(): boolean
  /** Ends the claim; nothing can be published or committed with it any more. Does not throw. */
  release(): Promise<void>
}

/** The position in the shape of an OffsetCommit request. kafkajs sends the metadata, though its types do not know it. */
export function offsetsOf(topic: string, partition: number, { nextOffset, note }: Position): Offsets {
  const entry = { partition, offset: String(nextOffset), metadata: note }
  return { topics: [{ topic, partitions: [entry] }] }
}

export interface ClaimSource {
  readonly topic: string
  readonly partition: number
  /** Asks the group's coordinator. */
  readonly readPosition: (topic: string, partition: number) => Promise<Position>
}

/** A claim that publishes first and commits then. A crash between the two makes the outputs appear again. */
export async function claimAtLeastOnce(
  { topic, partition, readPosition }: ClaimSource,
  send: (records: readonly OutputRecord[]) => Promise<void>,
): Promise<Claim> {
  let position = await readPosition(topic, partition)
  return {
    position: () => position,
    publish: send,
    async commit(next, toGroup) {
      await toGroup(offsetsOf(topic, partition, next))
      position = next
    },
    abandon: async () => undefined,
    isSound: () => true,
    release: async () => undefined,
  }
}

export interface Claims {
  /** The sound claim on a partition, made when the generation first asks for it. Claims of older generations end. */
  of(topic: string, partition: number, generation: number): Promise<Claim>
  close(): Promise<void>
}

export function createClaims(open: (topic: string, partition: number) => Promise<Claim>): Claims {
  const claims = new Map<string, Promise<Claim>>()
  let present = 0
  const release = async (claim: Promise<Claim>): Promise<void> => {
    const opened = await claim.catch(() => null)
    await opened?.release()
  }
  const close = async (): Promise<void> => {
    const all = [...claims.values()]
    claims.clear()
    await Promise.all(all.map(release))
  }
  return {
    async of(topic, partition, generation) {
      if (generation !== present) {
        present = generation
        void close()
      }
      const name = `${topic}/${partition}`
      const known = claims.get(name)
      if (known !== undefined) {
        const claim = await known
        if (claim.isSound()) return claim
        await claim.release()
      }
      const opening = open(topic, partition)
      claims.set(name, opening)
      try {
        return await opening
      } catch (error) {
        // The next batch tries again.
        if (claims.get(name) === opening) claims.delete(name)
        throw error
      }
    },
    close,
  }
}
