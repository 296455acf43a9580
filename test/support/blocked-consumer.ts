// A consumer in a process of its own, which stands still for a while with its first batch in hand: no timer, no socket and no
// heartbeat runs meanwhile. It tells what happens in lines of JSON, and ends at SIGTERM.
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { toAppError } from '../../src/errors.ts'
import { type Blocked, blockedSchema } from './blocked.ts'

const options = blockedSchema.parse(JSON.parse(process.argv[2] ?? ''))
const tell = (line: Blocked): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const log = createKafkaLog({ settings: options.settings, concurrentSends: 2, now: Date.now, sink: silent })
const outcome = (work: Promise<void>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => toAppError(error).code,
  )

let isFirst = true
const consumer = await log.consume({
  topics: [options.topic],
  groupId: options.groupId,
  maxBatchRecords: 10,
  concurrentPartitions: 1,
  from: 'earliest',
  observer: {
    onAssigned: (assigned) => tell({ kind: 'assigned', partitions: Object.values(assigned).flat().length }),
    onStoodStill: (heldUpMs) => tell({ kind: 'stood still', heldUpMs }),
  },
  async onBatch(batch) {
    if (!isFirst) return batch.commit()
    isFirst = false
    tell({ kind: 'in hand', records: batch.records.length })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, options.blockMs)
    const published = await outcome(batch.publish([{ topic: options.output, key: null, value: 'late' }]))
    const committed = await outcome(batch.commit())
    tell({ kind: 'went on', published, committed })
  },
})
process.once('SIGTERM', () => {
  void consumer.stop().then(() => log.close())
})
