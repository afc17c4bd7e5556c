import {
  dumpJson,
  Float,
  fixedZone,
  fromJs,
  PyDate,
  PyDateTime,
  toMicros,
  type Value,
} from '../dialect/index.ts'
import type { QueryAnswer } from './database.ts'
import type { TableParts } from './table-parts.ts'

/*
 * What the database gives becomes what Python would have made of it: dates are dates, numbers keep their
 * digits, what has parts (json, arrays) is its JSON text.
 */

/** The rows of an answer as template values. */
export function tableOf({ columns, rows }: QueryAnswer): TableParts {
  const readers = columns.map(({ type }) => readerOf(type))
  return {
    columns: columns.map(({ name, type }) => ({ name, type: typeWord(type) })),
    rows: rows.map((row) => row.map((value, at) => (value === null ? null : readers[at]!(value)))),
  }
}

type Reader = (value: unknown) => Value

const readers: Readonly<Record<string, Reader>> = {
  int2: fromJs,
  int4: fromJs,
  int8: readInteger,
  oid: fromJs,
  bool: fromJs,
  float4: readFloat,
  float8: readFloat,
  numeric: readNumeric,
  date: readDate,
  timestamp: readTimestamp,
  timestamptz: readTimestamp,
}

function readerOf(type: string): Reader {
  return readers[type] ?? readText
}

/** agate's word for a type. */
function typeWord(type: string): string {
  if (['int2', 'int4', 'int8', 'oid'].includes(type)) return 'Integer'
  if (['float4', 'float8', 'numeric'].includes(type)) return 'Number'
  if (type === 'bool') return 'Boolean'
  if (type === 'date') return 'Date'
  return type.startsWith('timestamp') ? 'DateTime' : 'Text'
}

/** An int8 comes as text when a JavaScript number would round it. */
function readInteger(value: unknown): Value {
  return typeof value === 'string' ? fromJs(BigInt(value)) : fromJs(value)
}

function readFloat(value: unknown): Value {
  return typeof value === 'number' ? new Float(value) : fromJs(value)
}

/** A number with its digits. */
export function readNumeric(value: unknown): Value {
  const text = String(value)
  if (/^-?\d+$/.test(text)) return fromJs(BigInt(text))
  return new Float(Number(text), text)
}

function readText(value: unknown): Value {
  return typeof value === 'string' ? value : dumpJson(fromJs(value), { sortKeys: false, indent: null })
}

/** A date, written as ISO 8601 has it; any other text stays one. */
export function readDate(value: unknown): Value {
  const [, year, month, day] = /^(\d{4,})-(\d\d)-(\d\d)$/.exec(String(value)) ?? []
  if (year === undefined) return String(value)
  const midnight = { hour: 0, minute: 0, second: 0, microsecond: 0 }
  return new PyDate({ year: Number(year), month: Number(month), day: Number(day), ...midnight })
}

const timestamp =
  /^(\d{4,})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::?(\d\d))?|(Z))?$/

/** A time with its date, and perhaps a zone. */
export function readTimestamp(value: unknown): Value {
  const found = timestamp.exec(String(value))
  if (!found) return String(value)
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const microsecond = Number((found[7] ?? '').padEnd(6, '0'))
  const wall = toMicros({ year, month, day, hour, minute, second, microsecond })
  return new PyDateTime(wall, zoneOf(found))
}

function zoneOf(found: RegExpExecArray) {
  if (found[11] !== undefined) return fixedZone(0n)
  if (found[8] === undefined) return null
  const minutes = Number(found[9]) * 60 + Number(found[10] ?? 0)
  return fixedZone(BigInt(found[8] === '-' ? -minutes : minutes) * 60_000_000n)
}
