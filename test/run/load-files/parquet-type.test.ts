import type { SchemaElement } from 'hyparquet'
import { expect, it } from 'vitest'
import { parquetType } from '../../../src/run/load-files/parquet-type.ts'

const typeOf = (element: Partial<SchemaElement>, children: SchemaElement[] = []) =>
  parquetType({
    element: { name: 'f', ...element } as SchemaElement,
    children: children.map((child) => ({ element: child, children: [], count: 1, path: [] })),
    ...{ count: 1, path: [] },
  })

it.each<[string | null, Partial<SchemaElement>]>([
  ['boolean', { type: 'BOOLEAN' }],
  ['integer', { type: 'INT32' }],
  ['integer', { type: 'INT32', converted_type: 'INT_8' }],
  ['bigint', { type: 'INT64' }],
  ['bigint', { type: 'INT32', converted_type: 'UINT_32' }],
  ['bigint', { type: 'INT32', logical_type: { type: 'INTEGER', bitWidth: 32, isSigned: false } }],
  ['numeric(20)', { type: 'INT64', logical_type: { type: 'INTEGER', bitWidth: 64, isSigned: false } }],
  ['integer', { type: 'INT32', logical_type: { type: 'INTEGER', bitWidth: 16, isSigned: false } }],
  ['real', { type: 'FLOAT' }],
  ['double precision', { type: 'DOUBLE' }],
  ['numeric(12,2)', { type: 'INT64', converted_type: 'DECIMAL', precision: 12, scale: 2 }],
  [
    'numeric(38,10)',
    { type: 'FIXED_LEN_BYTE_ARRAY', logical_type: { type: 'DECIMAL', precision: 38, scale: 10 } },
  ],
  ['timestamptz', { type: 'INT96' }],
  [
    'timestamptz',
    { type: 'INT64', logical_type: { type: 'TIMESTAMP', unit: 'MICROS', isAdjustedToUTC: true } },
  ],
  [
    'timestamp',
    { type: 'INT64', logical_type: { type: 'TIMESTAMP', unit: 'NANOS', isAdjustedToUTC: false } },
  ],
  ['date', { type: 'INT32', converted_type: 'DATE' }],
  ['time', { type: 'INT64', converted_type: 'TIME_MICROS' }],
  ['text', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }],
  ['jsonb', { type: 'BYTE_ARRAY', converted_type: 'JSON' }],
  ['bytea', { type: 'BYTE_ARRAY' }],
  [null, { type: 'INT32', logical_type: { type: 'NULL' } }],
])('%s for %o', (type, element) => {
  expect(typeOf(element)).toBe(type)
})

it('jsonb for what is nested', () => {
  expect(typeOf({ repetition_type: 'REPEATED', type: 'INT32' })).toBe('jsonb')
  expect(typeOf({}, [{ name: 'a', type: 'INT32' } as SchemaElement])).toBe('jsonb')
})
