import {
  bind,
  Float,
  type HostObject,
  hostFunction,
  hostObject,
  PyDate,
  PyDateTime,
  raise,
  repr,
  str,
  type Value,
} from '../dialect/index.ts'

/*
 * The type of a column of a result, as packages know it from agate: what it is called, what it makes of a value, and
 * how it writes one as JSON or CSV.
 */

/** What a type does with one value. */
export interface CellType {
  cast(value: Value): Value
  csvify(value: Value): Value
  jsonify(value: Value): Value
}

/** What a type of a name does. */
export function cellType(name: string): CellType {
  return {
    cast: casts[name] ?? castText,
    csvify,
    jsonify: jsonifiers[name] ?? csvify,
  }
}

/** The type of a name for templates: `Integer`, `Number`, `Text` … */
export function agateType(name: string): HostObject {
  const type = cellType(name)
  const method = (of: keyof CellType): HostObject =>
    hostFunction(of, (args, kwargs) => type[of](bind(of, ['d'], 1, args, kwargs)[0]!))
  const methods: Readonly<Record<string, HostObject>> = {
    cast: method('cast'),
    csvify: method('csvify'),
    jsonify: method('jsonify'),
  }
  return hostObject({
    type: name,
    repr: () => `<agate.data_types.${name}>`,
    attribute: (attribute) => methods[attribute],
    equals: (other) =>
      typeof other === 'object' && other !== null && 'protocol' in other && other.protocol.type === name,
  })
}

/** A text, or nothing where agate's plain `Text()` takes a text for nothing. */
export function castLooseText(value: Value): Value {
  const text = castText(value)
  const isNothing = ['', 'na', 'n/a', 'none', 'null', '.'].includes(str(text).trim().toLowerCase())
  return isNothing ? null : text
}

/** Times as ISO 8601 writes them, all else as it prints. */
function csvify(value: Value): Value {
  if (value === null) return null
  return value instanceof PyDateTime ? str(value).replace(' ', 'T') : str(value)
}

const jsonifiers: Readonly<Record<string, (value: Value) => Value>> = {
  Integer: (value) => value,
  Boolean: (value) => value,
  Number: (value) => (value === null ? null : new Float(Number(str(value)))),
}

/** What the types other than Text take as it is; they read no texts here, since a result's cells are read already. */
const casts: Readonly<Record<string, (value: Value) => Value>> = {
  Integer: own('Integer', isWhole),
  Number: own('Decimal', (value) => isWhole(value) || value instanceof Float),
  Boolean: own('bool', (value) => typeof value === 'boolean'),
  Date: own('date', (value) => value instanceof PyDate),
  DateTime: own('datetime', (value) => value instanceof PyDateTime),
}

function own(word: string, isOwn: (value: Value) => boolean): (value: Value) => Value {
  return (value) =>
    value === null || isOwn(value)
      ? value
      : raise('ValueError', `Can not parse value ${repr(value)} as ${word}.`)
}

function isWhole(value: Value): boolean {
  return typeof value === 'number' || typeof value === 'bigint'
}

function castText(value: Value): Value {
  return value === null ? null : str(value)
}
