import type { SchemaElement, SchemaTree } from 'hyparquet'
import { isNested } from './parquet-value.ts'

/** The type of Postgres for a field of a Parquet file, as the file declares it; null where it does not tell. */
export function parquetType(field: SchemaTree): string | null {
  if (isNested(field)) return 'jsonb'
  const { element } = field
  const kind = element.logical_type?.type ?? element.converted_type
  return kind === undefined ? plainType(element.type) : kindType(kind, element)
}

function plainType(type: SchemaElement['type']): string | null {
  switch (type) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT32':
      return 'integer'
    case 'INT64':
      return 'bigint'
    case 'INT96':
      return 'timestamptz'
    case 'FLOAT':
      return 'real'
    case 'DOUBLE':
      return 'double precision'
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return 'bytea'
    default:
      return null
  }
}

function kindType(
  kind: string,
  { type, logical_type: logical, precision, scale }: SchemaElement,
): string | null {
  switch (kind) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
      return 'text'
    case 'JSON':
    case 'VARIANT':
      return 'jsonb'
    case 'DATE':
      return 'date'
    case 'DECIMAL':
      return decimalType(logical?.type === 'DECIMAL' ? logical : { precision, scale })
    case 'TIMESTAMP':
      return logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC ? 'timestamp' : 'timestamptz'
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return 'timestamptz'
    case 'TIME':
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return 'time'
    case 'FLOAT16':
      return 'real'
    // What has no sign reaches twice as far.
    case 'UINT_64':
      return 'numeric(20)'
    case 'UINT_32':
      return 'bigint'
    case 'INTEGER':
      if (logical?.type === 'INTEGER' && !logical.isSigned && logical.bitWidth >= 32)
        return logical.bitWidth === 64 ? 'numeric(20)' : 'bigint'
      return plainType(type)
    default:
      return /^U?INT_\d+$/.test(kind) ? plainType(type) : null
  }
}

function decimalType({
  precision,
  scale = 0,
}: {
  readonly precision?: number | undefined
  readonly scale?: number | undefined
}) {
  return precision === undefined || scale < 0 ? 'numeric' : `numeric(${precision},${scale})`
}
