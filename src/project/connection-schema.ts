import { z } from 'zod'
import type { PostgresTargetSpec } from '../core/project.ts'
import { anyName } from './schema-pieces.ts'

/*
 * How a server is talked to, beside its address: the same keys in profiles.yml and in targets of project.yml.
 */

const number = z.union([z.number(), anyName])

/** The keys, as they are written; any of them may be a template. */
export const connectionShape = {
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
}

type ConnectionYaml = z.infer<z.ZodObject<typeof connectionShape>>

/** What of them is set, under the names that we know them by. */
export function connectionSpec(yaml: ConnectionYaml): Partial<PostgresTargetSpec> {
  const values = {
    sslmode: yaml.sslmode,
    sslrootcert: yaml.sslrootcert,
    sslcert: yaml.sslcert,
    sslkey: yaml.sslkey,
    role: yaml.role,
    searchPath: yaml.search_path,
    connectTimeoutSeconds: yaml.connect_timeout,
    keepalivesIdleSeconds: yaml.keepalives_idle,
    retries: yaml.retries,
    applicationName: yaml.application_name,
  }
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  )
}
