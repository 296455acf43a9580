// Whether decode will take a message: by decode itself, so that an import cannot write what a processor rejects.
import { detachedBatch } from '../log/detached-batch.ts'
import type { LogRecord, OutputRecord, PartitionBatch } from '../log/event-log.ts'
import { createDecodeStage, type DecodeOptions } from '../payment/decode.ts'
import type { RejectedMessage } from './import-rows.ts'

const NO_WINDOWS = new Float64Array(0)

export function createMessageCheck(
  options: Pick<DecodeOptions, 'topics' | 'rates' | 'maxMessageBytes'>,
): (message: OutputRecord) => RejectedMessage | null {
  const decode = createDecodeStage({
    ...options,
    pseudonymiser: { entitiesOf: () => [] },
    newWindows: () => NO_WINDOWS,
    maxFutureSkewMs: 0,
  })
  return (message) => {
    const [rejected] = decode(batchOf(message)).rejected
    return rejected === undefined ? null : { code: rejected.code, message: rejected.message }
  }
}

function batchOf({ topic, key, value, timestampMs = 0 }: OutputRecord): PartitionBatch {
  const record: LogRecord = {
    topic,
    partition: 0,
    offset: '0',
    timestampMs,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: {},
  }
  return detachedBatch(topic, [record])
}
