// Whether tests may start containers.
import { getContainerRuntimeClient } from 'testcontainers'

/** True when a Docker engine (or one that speaks its language) answers testcontainers. */
export async function dockerAnswers(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
}
