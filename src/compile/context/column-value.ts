import {
  type HostObject,
  hostFunction,
  hostObject,
  type Kwargs,
  raise,
  type Value,
} from '../dialect/index.ts'
import { quoteIdentifier } from './relation-value.ts'

/*
 * A column as templates see it: `api.Column`, and what `adapter.get_columns_in_relation` gives.
 */

export interface ColumnParts {
  readonly name: string
  readonly dtype: string
  readonly charSize: number | null
  readonly numericPrecision: number | null
  readonly numericScale: number | null
}

const strings = ['text', 'character varying', 'character', 'varchar']
const integers = [
  'smallint',
  'integer',
  'bigint',
  'smallserial',
  'serial',
  'bigserial',
  'int2',
  'int4',
  'int8',
  'serial2',
  'serial4',
  'serial8',
]
const floats = ['real', 'float4', 'float', 'double precision', 'float8', 'double']
const numerics = ['numeric', 'decimal']

/** The size that dbt takes a text for that has none. */
const defaultStringSize = 256

/** A column for a template. */
export function columnValue(parts: ColumnParts): HostObject {
  const printed = `<Column ${parts.name} (${dataType(parts)})>`
  return hostObject({
    type: 'PostgresColumn',
    repr: () => printed,
    attribute: (name) => columnAttribute(parts, name),
    equals: (other) => {
      const them = columnParts(other)
      return them !== null && JSON.stringify(them) === JSON.stringify(parts)
    },
    toJs: () => parts,
  })
}

/** The parts of a value that is a column; null when it is none. */
export function columnParts(value: Value | undefined): ColumnParts | null {
  if (typeof value !== 'object' || value === null || !('protocol' in value)) return null
  return value.protocol.type === 'PostgresColumn' ? (value.protocol.toJs!() as ColumnParts) : null
}

/** `api.Column`: callable, and home of what can be said of types alone. */
export function columnClass(): HostObject {
  const methods: Record<string, HostObject> = {
    create: hostFunction('create', ([name, type], kwargs) =>
      columnValue(plain(String(name), translateType(String(type ?? kwargs['label_or_dtype'])))),
    ),
    translate_type: hostFunction('translate_type', ([type]) => translateType(String(type))),
    string_type: hostFunction('string_type', ([size = null]) => `character varying(${size})`),
    numeric_type: hostFunction('numeric_type', (args, kwargs) => {
      const [type, precision, scale] = [args[0], args[1] ?? kwargs['precision'], args[2] ?? kwargs['scale']]
      return numericType(String(type ?? kwargs['dtype']), precision ?? null, scale ?? null)
    }),
    from_description: hostFunction('from_description', ([name, type]) =>
      columnValue(readDescription(String(name), String(type))),
    ),
  }
  return hostObject({
    type: 'type',
    repr: () => "<class 'PostgresColumn'>",
    attribute: (name) => methods[name],
    call: (args, kwargs) => columnValue(constructed(args, kwargs)),
  })
}

/** A column without size. */
function plain(name: string, dtype: string): ColumnParts {
  return { name, dtype, charSize: null, numericPrecision: null, numericScale: null }
}

const constructorNames = ['column', 'dtype', 'char_size', 'numeric_precision', 'numeric_scale']

function constructed(args: readonly Value[], kwargs: Kwargs): ColumnParts {
  const [name, dtype, charSize, precision, scale] = constructorNames.map((key, at) => args[at] ?? kwargs[key])
  if (name === undefined || dtype === undefined) raise('TypeError', 'Column() takes a name and a type')
  return {
    name: String(name),
    dtype: String(dtype),
    charSize: numberOrNull(charSize),
    numericPrecision: numberOrNull(precision),
    numericScale: numberOrNull(scale),
  }
}

function numberOrNull(value: Value | undefined): number | null {
  return typeof value === 'number' ? value : null
}

/** dbt's names of types that Postgres has not. */
function translateType(type: string): string {
  return type.toUpperCase() === 'STRING' ? 'TEXT' : type
}

/** `numeric(10,2)` taken apart. */
function readDescription(name: string, description: string): ColumnParts {
  const [, type = description, size] = /^([^(]+)(?:\(([^)]+)\))?/.exec(description) ?? []
  const numbers = size?.split(',').map(Number) ?? []
  if (numbers.some(Number.isNaN)) raise('ValueError', `Could not interpret data_type "${description}"`)
  const [first = null, second = null] = numbers
  return numbers.length === 2
    ? { ...plain(name, type), numericPrecision: first, numericScale: second }
    : { ...plain(name, type), charSize: first }
}

function numericType(type: string, precision: Value, scale: Value): string {
  return precision === null || scale === null ? type : `${type}(${precision},${scale})`
}

function isOneOf(types: readonly string[], { dtype }: ColumnParts): boolean {
  return types.includes(dtype.toLowerCase())
}

function stringSize(parts: ColumnParts): number {
  if (!isOneOf(strings, parts)) raise('RuntimeError', 'Called string_size() on non-string field!')
  return parts.dtype === 'text' || parts.charSize === null ? defaultStringSize : parts.charSize
}

function dataType(parts: ColumnParts): string {
  const { dtype, charSize, numericPrecision, numericScale } = parts
  const lower = dtype.toLowerCase()
  if (lower === 'text' || (lower === 'character varying' && charSize === null)) return dtype
  if (isOneOf(strings, parts)) return `character varying(${stringSize(parts)})`
  return isOneOf(numerics, parts) ? numericType(dtype, numericPrecision, numericScale) : dtype
}

function columnAttribute(parts: ColumnParts, name: string): Value | undefined {
  switch (name) {
    case 'name':
    case 'column':
      return parts.name
    case 'quoted':
      return quoteIdentifier(parts.name)
    case 'dtype':
      return parts.dtype
    case 'data_type':
    case 'expanded_data_type':
      return dataType(parts)
    case 'char_size':
      return parts.charSize
    case 'numeric_precision':
      return parts.numericPrecision
    case 'numeric_scale':
      return parts.numericScale
    default:
      return columnMethod(parts, name)
  }
}

const methods: Readonly<
  Record<string, (parts: ColumnParts, args: readonly Value[], kwargs: Kwargs) => Value>
> = {
  is_string: (parts) => isOneOf(strings, parts),
  is_integer: (parts) => isOneOf(integers, parts),
  is_float: (parts) => isOneOf(floats, parts),
  is_numeric: (parts) => isOneOf(numerics, parts),
  is_number: (parts) => [integers, floats, numerics].some((types) => isOneOf(types, parts)),
  string_size: stringSize,
  can_expand_to: (parts, [other], kwargs) => {
    const them = columnParts(other ?? kwargs['other_column'])
    if (them === null || !isOneOf(strings, parts) || !isOneOf(strings, them)) return false
    return stringSize(them) > stringSize(parts)
  },
  literal: (parts, [value = null]) => `${value}::${dataType(parts)}`,
  string_type: (_parts, [size = null]) => `character varying(${size})`,
  numeric_type: (_parts, [type, precision = null, scale = null]) =>
    numericType(String(type), precision, scale),
  translate_type: (_parts, [type]) => translateType(String(type)),
}

function columnMethod(parts: ColumnParts, name: string): HostObject | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  return method && hostFunction(name, (args, kwargs) => method(parts, args, kwargs))
}
