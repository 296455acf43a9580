// One piece of work with a kafkajs admin client that is connected for it alone.
import type { Admin, Kafka } from 'kafkajs'
import type { LogSink } from './kafka-client.ts'
import { requestError } from './kafka-error.ts'

/** Runs `work` with a connected admin client; what kafkajs throws comes as an `AppError` that says `doing`. */
export async function withAdmin<T>(
  kafka: Kafka,
  doing: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await work(admin)
  } catch (error) {
    throw requestError(error, doing)
  } finally {
    await admin.disconnect()
  }
}

/** Deletes the group of `reader`, such as `a follower`, which commits nothing and has left it. Never throws. */
export async function deleteGroup(
  kafka: Kafka,
  groupId: string,
  reader: string,
  sink: LogSink,
): Promise<void> {
  try {
    await withAdmin(kafka, `deleting the group of ${reader}`, (admin) => admin.deleteGroups([groupId]))
  } catch (error) {
    // Without members and offsets the broker forgets it by itself.
    sink.debug({ err: error, groupId }, `The group of ${reader} was not deleted`)
  }
}
