// The settings of Redis that docker-compose.yml recommends, so that what is tested is what people run.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

/** The arguments after `redis-server`. */
export function recommendedSettings(): string[] {
  const file = new URL('../../docker-compose.yml', import.meta.url)
  const compose = z
    .object({ services: z.object({ redis: z.object({ command: z.array(z.string()) }) }) })
    .parse(parse(readFileSync(file, 'utf8')))
  return compose.services.redis.command.slice(1)
}
