import * as fc from 'fast-check'
import { Partitioners, type PartitionMetadata } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { murmur2, partitionOf } from '../../../src/log/partition-key.ts'

describe('the partition of a key', () => {
  it('follows the hash of Apache Kafka, by its own test vectors', () => {
    // org.apache.kafka.common.utils.UtilsTest.testMurmur2
    const vectors: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ]
    for (const [key, hash] of vectors) expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  it('is the one that kafkajs computes, for any key', () => {
    const partition = Partitioners.DefaultPartitioner()
    const metadata = (count: number): PartitionMetadata[] =>
      Array.from({ length: count }, (_, partitionId) => ({
        partitionId,
        leader: 1,
        partitionErrorCode: 0,
        replicas: [1],
        isr: [1],
      }))
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (bytes, count) => {
          const key = Buffer.from(bytes)
          const theirs = partition({
            topic: 't',
            partitionMetadata: metadata(count),
            message: { key, value: null },
          })
          expect(partitionOf(key, null, count)).toBe(theirs)
        },
      ),
    )
  })

  it('is fixed for a record without key, by its value', () => {
    const value = Buffer.from('value')
    expect(partitionOf(null, value, 7)).toBe(partitionOf(value, null, 7))
    expect(partitionOf(null, null, 7)).toBe(0)
  })
})
