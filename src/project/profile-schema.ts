import { z } from 'zod'
import { anyName, known, knownKeys } from './schema-pieces.ts'

/*
 * profiles.yml: how dbt is told where a project's warehouse is. Any value may be a template.
 */

const number = z.union([z.number(), anyName])

/** One output of the type postgres; further keys belong to other adapters or to nothing that we do. */
export const postgresOutputSchema = z.looseObject({
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
  sslmode: anyName.nullish(),
  sslrootcert: anyName.nullish(),
  sslcert: anyName.nullish(),
  sslkey: anyName.nullish(),
  role: anyName.nullish(),
  search_path: anyName.nullish(),
  connect_timeout: number.nullish(),
  keepalives_idle: number.nullish(),
  retries: number.nullish(),
  application_name: anyName.nullish(),
})

/** An output of any adapter. */
export const outputSchema = z.looseObject({ type: anyName })

export const profileSchema = z.looseObject({
  target: z.string().nullish(),
  outputs: z.record(z.string(), outputSchema),
  ...knownKeys('config'),
})

export const profilesSchema = z.record(z.string(), known)

export type PostgresOutput = z.infer<typeof postgresOutputSchema>
