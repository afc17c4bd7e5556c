import type { StreamSchemas } from '../core/stream-spec.ts'

/** Where the schemas of a stream's payloads come from. */
export interface SchemaSource {
  readonly wireFormat: StreamSchemas['wireFormat']
  /** The text of the one schema of plain payloads; null where there is none. */
  readonly plain: string | null
  /** The text of a numbered schema; null when it does not exist. Rejects when the registry cannot be asked. */
  readonly schemaOf: (id: number) => Promise<string | null>
}

/** A registry with its templates rendered. */
export interface Registry {
  readonly url: string
  readonly username: string | null
  readonly password: string | null
}

/** Looks schemas up in the files of the project and then in the registry. */
export function makeSchemaSource(
  schemas: StreamSchemas,
  registry: Registry | null,
  readFile: (path: string) => string,
  signal: AbortSignal,
): SchemaSource {
  return {
    wireFormat: schemas.wireFormat,
    plain: schemas.file === null ? null : readFile(schemas.file),
    async schemaOf(id) {
      const file = schemas.byId[String(id)]
      if (file !== undefined) return readFile(file)
      return registry ? askRegistry(registry, id, signal) : null
    },
  }
}

const registryTimeoutMs = 10_000

async function askRegistry(
  { url, username, password }: Registry,
  id: number,
  signal: AbortSignal,
): Promise<string | null> {
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')
  const asked = `${url.replace(/\/$/, '')}/schemas/ids/${id}`
  const response = await fetch(asked, {
    headers: {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...((username !== null || password !== null) && { authorization: `Basic ${credentials}` }),
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(registryTimeoutMs)]),
  })
  if (response.status === 404) return null
  if (!response.ok) throw new Error(`the schema registry answered ${response.status} for schema ${id}`)
  const answer = (await response.json()) as { readonly schema?: unknown; readonly references?: unknown[] }
  if (typeof answer.schema !== 'string') throw new Error(`the schema registry gave no text for schema ${id}`)
  if (answer.references?.length)
    throw new Error(`schema ${id} is made of several (references), which is not supported: give it as a file`)
  return answer.schema
}
