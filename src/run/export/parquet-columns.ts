import type { SchemaElement } from 'hyparquet'
import { type ResultColumn, type SQLQuery, sql } from '../../warehouse/index.ts'

/*
 * How a column of Postgres becomes one of Parquet: the type it has there, what the server is asked for, and what is made
 * of the text that it answers.
 */

interface ParquetType {
  readonly element: Omit<SchemaElement, 'name' | 'repetition_type'>
  /** The value as a text from which `read` makes what is written; the column as it is if not said. */
  readonly ask?: (column: SQLQuery) => SQLQuery
  readonly read: (text: string) => unknown
}

const text: ParquetType = {
  element: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  read: (value) => value,
}
const integer: ParquetType = { element: { type: 'INT32' }, read: Number }
const microseconds = (column: SQLQuery) => sql`(extract(epoch from ${column}) * 1000000)::bigint`

const types: Readonly<Record<string, ParquetType>> = {
  int2: integer,
  int4: integer,
  int8: { element: { type: 'INT64' }, read: BigInt },
  float4: { element: { type: 'FLOAT' }, read: Number },
  float8: { element: { type: 'DOUBLE' }, read: Number },
  bool: { element: { type: 'BOOLEAN' }, read: (value) => value === 't' },
  date: {
    element: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
    ask: (column) => sql`${column} - date '1970-01-01'`,
    read: Number,
  },
  timestamptz: {
    element: {
      type: 'INT64',
      converted_type: 'TIMESTAMP_MICROS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    },
    ask: microseconds,
    read: BigInt,
  },
  timestamp: {
    element: {
      type: 'INT64',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' },
    },
    ask: microseconds,
    read: BigInt,
  },
  bytea: { element: { type: 'BYTE_ARRAY' }, read: (value) => Buffer.from(value.slice(2), 'hex') },
}

/** More digits do not fit 64 bits. */
const mostDigits = 18

function typeOf({ type, digits }: ResultColumn): ParquetType {
  if (type !== 'numeric') return types[type] ?? text
  if (!digits || digits.precision > mostDigits || digits.scale < 0 || digits.scale > digits.precision)
    return text
  const { precision, scale } = digits
  return {
    element: {
      type: 'INT64',
      converted_type: 'DECIMAL',
      logical_type: { type: 'DECIMAL', precision, scale },
      precision,
      scale,
    },
    read: (value) => scaled(value, scale),
  }
}

/** `-1.50` with two digits behind the point → -150. */
function scaled(value: string, scale: number): bigint {
  const [whole = '', rest = ''] = value.split('.')
  if (!/^-?\d+$/.test(whole)) throw new Error(`${value} is no decimal number of Parquet`)
  return BigInt(whole + rest.padEnd(scale, '0'))
}

/** What the server is asked for. */
export function parquetSql(column: ResultColumn): SQLQuery {
  const value = sql.ident('exported', column.name)
  return typeOf(column).ask?.(value) ?? value
}

/** The column in the file, and how its values are read from what the server answers. */
export function parquetColumn(column: ResultColumn): {
  readonly element: SchemaElement
  readonly read: (text: string) => unknown
} {
  const { element, read } = typeOf(column)
  return { element: { name: column.name, repetition_type: 'OPTIONAL', ...element }, read }
}
