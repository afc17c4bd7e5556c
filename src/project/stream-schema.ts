import { z } from 'zod'
import { saslMechanisms, streamFormats, timeUnits } from '../core/stream-spec.ts'
import { anyName } from './schema-pieces.ts'

/*
 * What a load of kind stream says besides what all loads say.
 */

const texts = z
  .union([anyName, z.array(anyName).min(1)])
  .transform((value) => (typeof value === 'string' ? [value] : value))

const field = z.union([
  anyName.transform((from) => ({ from, unit: null })),
  z.strictObject({
    from: anyName,
    unit: z
      .enum(timeUnits)
      .nullish()
      .transform((unit) => unit ?? null),
  }),
])

const registry = z.strictObject({
  url: anyName,
  username: z.string().nullish(),
  password: z.string().nullish(),
})

const sasl = z.strictObject({ mechanism: z.enum(saslMechanisms), username: anyName, password: anyName })

/** The keys of a stream. */
export const streamKeys = {
  brokers: texts,
  topics: texts,
  group: anyName.nullish(),
  format: z.enum(streamFormats).default('json'),
  wire_format: z.enum(['confluent', 'plain']).nullish(),
  schema_file: anyName.nullish(),
  schema_files: z
    .record(z.string().regex(/^\d+$/, 'must be the number of a schema'), anyName)
    .nullish()
    .transform((value) => value ?? {}),
  schema_registry: registry.nullish(),
  fields: z
    .record(z.string(), field)
    .nullish()
    .transform((value) => value ?? {}),
  batch: z
    .strictObject({
      rows: z.number().int().min(1).max(1_000_000).default(20_000),
      seconds: z.number().positive().max(3600).default(1),
    })
    .nullish()
    .transform((value) => value ?? { rows: 20_000, seconds: 1 }),
  start: z.enum(['earliest', 'latest']).default('earliest'),
  on_bad_row: z.enum(['quarantine', 'fail', 'skip']).default('quarantine'),
  tls: z.union([z.boolean(), z.strictObject({ ca: anyName })]).default(false),
  sasl: sasl.nullish(),
} satisfies Record<string, z.ZodType>
