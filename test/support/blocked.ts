// What a blocked consumer is told and tells.
import { z } from 'zod'
import { configSchema } from '../../src/config.ts'

export const blockedSchema = z.object({
  settings: configSchema.shape.kafka,
  topic: z.string(),
  output: z.string(),
  groupId: z.string(),
  blockMs: z.number(),
})

export type BlockedOptions = z.infer<typeof blockedSchema>

export type Blocked =
  | { readonly kind: 'assigned'; readonly partitions: number }
  | { readonly kind: 'in hand'; readonly records: number }
  | { readonly kind: 'stood still'; readonly heldUpMs: number }
  | { readonly kind: 'went on'; readonly published: string; readonly committed: string }
