import { z } from 'zod'
import { connectionShape } from './connection-schema.ts'
import { anyName, known, knownKeys } from './schema-pieces.ts'

/*
 * profiles.yml: how dbt is told where a project's warehouse is. Any value may be a template.
 */

const number = z.union([z.number(), anyName])

/** One output of the type postgres. */
export const postgresOutputSchema = z.strictObject({
  type: z.literal('postgres'),
  host: anyName.nullish(),
  hostname: anyName.nullish(),
  port: number.nullish(),
  user: z.union([anyName, z.number().transform(String)]).nullish(),
  username: anyName.nullish(),
  pass: z.union([z.string(), z.number().transform(String)]).nullish(),
  password: z.union([z.string(), z.number().transform(String)]).nullish(),
  dbname: anyName.nullish(),
  database: anyName.nullish(),
  schema: anyName,
  threads: number.nullish(),
  ...connectionShape,
})

/** An output of any adapter. */
export const outputSchema = z.looseObject({ type: anyName })

export const profileSchema = z.strictObject({
  target: z.string().nullish(),
  outputs: z.record(z.string(), outputSchema),
  ...knownKeys('config'),
})

export const profilesSchema = z.record(z.string(), known)

export type PostgresOutput = z.infer<typeof postgresOutputSchema>
