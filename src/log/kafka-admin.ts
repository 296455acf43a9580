// One piece of work with a kafkajs admin client that is connected for it alone.
import type { Admin, Kafka } from 'kafkajs'
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
