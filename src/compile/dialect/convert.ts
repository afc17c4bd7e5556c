// Between plain JavaScript data and the values of templates.

import { WholeFloat } from '../../core/whole-float.ts'
import { dateTime } from './modules/datetime.ts'
import { Dict, PySet } from './values/dict.ts'
import { normalInt } from './values/numbers.ts'
import {
  Float,
  HostObject,
  Lazy,
  Markup,
  Namespace,
  Range,
  Tuple,
  Undefined,
  type Value,
} from './values/value.ts'

/** Whether something is already a template's value that is no plain JavaScript. */
function isOwnClass(value: object): boolean {
  return (
    value instanceof Float ||
    value instanceof Tuple ||
    value instanceof Dict ||
    value instanceof PySet ||
    value instanceof Markup ||
    value instanceof Undefined ||
    value instanceof Lazy ||
    value instanceof Range ||
    value instanceof Namespace ||
    value instanceof HostObject
  )
}

/**
 * Plain data as a template's value: null and undefined become None, whole numbers ints, other numbers floats,
 * arrays lists, Maps and plain objects dicts, Sets sets, Dates datetimes in UTC. Values pass as they are.
 */
export function fromJs(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isSafeInteger(value) ? value + 0 : new Float(value)
    case 'bigint':
      return normalInt(value)
    case 'object':
      return value === null ? null : fromObject(value)
    case 'undefined':
      return null
    default:
      throw new TypeError(`a ${typeof value} is no template value; wrap functions with hostFunction`)
  }
}

function fromObject(value: object): Value {
  if (isOwnClass(value)) return value as Value
  if (Array.isArray(value)) return value.map(fromJs)
  if (value instanceof WholeFloat) return new Float(value.value)
  if (value instanceof Date) return dateTime(value)
  if (value instanceof Map)
    return Dict.of([...value].map(([key, item]) => [fromJs(key), fromJs(item)] as const))
  if (value instanceof Set) return new PySet([...value].map(fromJs))
  return Dict.of(Object.entries(value).map(([key, item]) => [key, fromJs(item)] as const))
}

/** The same with floats that are whole kept apart from ints, for what goes into templates again. */
export function toExactJs(value: Value): unknown {
  if (value instanceof Float) return Number.isInteger(value.value) ? new WholeFloat(value.value) : value.value
  if (Array.isArray(value)) return value.map(toExactJs)
  if (value instanceof Tuple) return value.items.map(toExactJs)
  if (value instanceof Dict)
    return Object.fromEntries(
      [...value.entries.values()].map(([key, item]) => [keyText(key), toExactJs(item)]),
    )
  return toJs(value)
}

/**
 * A template's value as plain data: ints and floats become numbers (bigint beyond 2^53), lists, tuples, sets
 * and iterators arrays, dicts plain objects with their keys as text, undefined becomes undefined.
 */
export function toJs(value: Value): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(toJs)
  if (value instanceof Float) return value.value
  if (value instanceof Markup) return value.text
  if (value instanceof Dict) return objectOf(value.entries.values())
  if (value instanceof Tuple) return value.items.map(toJs)
  if (value instanceof PySet || value instanceof Range || value instanceof Lazy) return [...value].map(toJs)
  if (value instanceof Namespace) return objectOf(value.attributes)
  if (value instanceof HostObject) return hostToJs(value)
  return undefined
}

function hostToJs(value: HostObject): unknown {
  const { protocol } = value
  if (protocol.toJs) return protocol.toJs()
  if (protocol.like === 'mapping' && protocol.iterate)
    return objectOf([...protocol.iterate()].map((key) => [key, protocol.item?.(key) ?? null] as const))
  if (protocol.iterate) return [...protocol.iterate()].map(toJs)
  return value
}

function objectOf(entries: Iterable<readonly [Value, Value]>): Record<string, unknown> {
  const pairs = [...entries].map(([key, item]) => [keyText(key), toJs(item)] as const)
  return Object.fromEntries(pairs)
}

function keyText(key: Value): string {
  if (key instanceof Float) return String(key.value)
  return String(key instanceof Tuple ? key.items.map(keyText).join(',') : key)
}
