// CPU that a Redis server has taken, for benchmarks.
import type { Redis } from 'ioredis'

/** Microseconds of the thread that serves commands, since the server's start. */
export async function redisCpuMicroseconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  const seconds = (name: string) =>
    Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? Number.NaN)
  return (seconds('used_cpu_user_main_thread') + seconds('used_cpu_sys_main_thread')) * 1e6
}
