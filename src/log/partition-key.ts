// Which partition a record belongs to: the same for both logs, and the same as other Kafka clients compute.

const SEED = 0x9747b28c
const M = 0x5bd1e995

/**
 * MurmurHash2 as Apache Kafka's clients compute it over a record's key: a signed 32-bit number.
 * Source: org.apache.kafka.common.utils.Utils.murmur2.
 */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  const tail = length & ~3
  let h = SEED ^ length
  for (let i = 0; i < tail; i += 4) {
    let k =
      (data[i] ?? 0) | ((data[i + 1] ?? 0) << 8) | ((data[i + 2] ?? 0) << 16) | ((data[i + 3] ?? 0) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  const rest = length & 3
  if (rest === 3) h ^= (data[tail + 2] ?? 0) << 16
  if (rest >= 2) h ^= (data[tail + 1] ?? 0) << 8
  if (rest >= 1) h = Math.imul(h ^ (data[tail] ?? 0), M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/**
 * Partition of a record with this key. A record without one goes by its value: a fixed choice, because a producer that
 * sends a record again must send it to the same partition (sequence numbers are counted for each of them).
 */
export function partitionOf(key: Uint8Array | null, value: Uint8Array | null, partitions: number): number {
  const hashed = key ?? value
  return hashed === null ? 0 : (murmur2(hashed) & 0x7fffffff) % partitions
}
