import type { StreamFormat } from '../core/stream-spec.ts'
import { BadMessage } from './bad-message.ts'
import { utf8 } from './column-text.ts'
import { parseJson } from './long-number.ts'
import type { SchemaSource } from './schema-source.ts'

/*
 * From the bytes of a message to a value with fields. A payload that names its schema begins with a zero byte and the
 * schema's number in four bytes, as schema registries have it.
 */

/** Turns a payload, without the number of its schema, into a value; throws a BadMessage. */
export type ReadPayload = (bytes: Buffer) => unknown

/** Reads payloads of a stream. Schemas that are new have to be fetched first. */
export interface PayloadReader {
  /** Fetches the schemas that messages name and nobody has seen before; null when all are there. */
  readonly prepare: (payloads: Iterable<Buffer | null>) => Promise<void> | null
  readonly read: (payload: Buffer | null) => unknown
}

/** How the formats make a reader from the text of a schema. */
export type MakeReadPayload = (schema: string) => ReadPayload

const headBytes = 5

/** Makes the reader of a stream's payloads. */
export function makePayloadReader(
  format: StreamFormat,
  source: SchemaSource,
  makeRead: MakeReadPayload,
): PayloadReader {
  if (source.wireFormat === 'plain') {
    const read = format === 'json' && source.plain === null ? readJson : makeRead(source.plain ?? '')
    return { prepare: () => null, read: (payload) => read(present(payload)) }
  }
  const known = new Map<number, ReadPayload>()
  const refused = new Map<number, string>()
  const fetchSchema = async (id: number): Promise<void> => {
    const text = await source.schemaOf(id)
    if (text === null) refused.set(id, `its schema ${id} is not known`)
    else known.set(id, format === 'json' ? readJson : makeRead(text))
  }
  return {
    prepare(payloads) {
      const missing = new Set<number>()
      for (const payload of payloads) {
        const id = payload === null ? null : schemaId(payload)
        if (id !== null && !known.has(id) && !refused.has(id)) missing.add(id)
      }
      return missing.size === 0 ? null : Promise.all([...missing].map(fetchSchema)).then(() => {})
    },
    read(payload) {
      const bytes = present(payload)
      const id = schemaId(bytes)
      if (id === null) throw new BadMessage('the payload does not begin with the number of a schema')
      const read = known.get(id)
      if (!read) throw new BadMessage(refused.get(id) ?? `its schema ${id} is not known`)
      return read(bytes.subarray(headBytes))
    },
  }
}

function present(payload: Buffer | null): Buffer {
  if (payload === null) throw new BadMessage('the message has no payload (it deletes its key)')
  return payload
}

function schemaId(payload: Buffer): number | null {
  return payload.length >= headBytes && payload[0] === 0 ? payload.readUInt32BE(1) : null
}

/** Reads JSON: one object, in UTF-8. */
export function readJson(bytes: Buffer): unknown {
  const text = utf8(bytes)
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    throw new BadMessage(`the payload is no JSON: ${(error as Error).message.slice(0, 120)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadMessage('the payload is JSON, but no object')
  return value
}
