import type { LoadTable } from '../core/load-spec.ts'
import type { StreamField } from '../core/stream-spec.ts'
import { BadMessage } from './bad-message.ts'
import { columnText, utf8 } from './column-text.ts'
import type { StreamMessage } from './message.ts'

/** Makes the line of COPY's text format that a message becomes; throws a BadMessage. */
export type RowMaker = (message: StreamMessage, payload: unknown) => string

type Getter = (message: StreamMessage, payload: unknown) => unknown

/** Compiles the fields of a stream, so that nothing is looked up for each message. */
export function makeRowMaker(table: LoadTable, fields: readonly StreamField[]): RowMaker {
  const keys = new Set(table.primaryKey)
  const columns = table.columns.map(({ name, type }) => {
    const field = fields.find(({ column }) => column === name)
    const from = field?.from ?? name
    const unit = from === '$timestamp' ? 'ms' : (field?.unit ?? null)
    return { name, get: getterOf(from), text: columnText(type, unit), isKey: keys.has(name) }
  })
  return (message, payload) => {
    let line = ''
    for (const [index, { name, get, text, isKey }] of columns.entries()) {
      if (index > 0) line += '\t'
      try {
        const value = get(message, payload)
        if (value !== null && value !== undefined) line += text(value)
        else if (isKey) throw new BadMessage('a part of the primary key has no value')
        else line += '\\N'
      } catch (error) {
        if (error instanceof BadMessage) throw new BadMessage(error.message, name)
        throw error
      }
    }
    return line
  }
}

const ofMessage: Readonly<Record<string, Getter>> = {
  $topic: ({ topic }) => topic,
  $partition: ({ partition }) => partition,
  $offset: ({ offset }) => offset,
  $key: ({ key }) => key,
  $timestamp: ({ timestampMs }) => timestampMs,
  $headers: ({ headers }) =>
    Object.fromEntries(headers.map(([name, value]) => [name ? utf8(name) : '', value && utf8(value)])),
  $payload: (_, payload) => payload,
}

function getterOf(from: string): Getter {
  const known = ofMessage[from]
  if (known) return known
  const names = from.split('.')
  const [only] = names
  if (names.length === 1 && !(only! in Object.prototype))
    return (_, payload) => (payload as Record<string, unknown>)[only!]
  return (_, payload) => {
    let value: unknown = payload
    for (const name of names) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
      value = (value as Record<string, unknown>)[name]
    }
    return value
  }
}
