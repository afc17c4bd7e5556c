// Python's == and <: equality across types is False, order across types raises.
import { Dict, PySet } from './dict.ts'
import { maybeNumeric, type Numeric } from './numbers.ts'
import {
  Float,
  HostObject,
  isText,
  Range,
  raise,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

/** Python's a == b. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) return true
  if (isText(a)) return isText(b) && textOf(a) === textOf(b)
  const numberA = maybeNumeric(a)
  if (numberA !== undefined) {
    const numberB = maybeNumeric(b)
    if (numberB !== undefined) return compareNumbers(numberA, numberB) === 0
  }
  if (Array.isArray(a)) return Array.isArray(b) && equalItems(a, b)
  if (a instanceof Tuple) return b instanceof Tuple && equalItems(a.items, b.items)
  if (a instanceof Dict) return b instanceof Dict && equalDicts(a, b)
  if (a instanceof PySet) return b instanceof PySet && equalSets(a, b)
  if (a instanceof Range) return b instanceof Range && equalItems([...a], [...b])
  if (a instanceof Undefined) return b instanceof Undefined
  if (a instanceof HostObject) {
    const own = a.protocol.equals?.(b)
    if (own !== undefined) return own
  }
  return b instanceof HostObject ? (b.protocol.equals?.(a) ?? false) : false
}

function equalItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, at) => equals(item, b[at]!))
}

function equalDicts(a: Dict, b: Dict): boolean {
  if (a.size !== b.size) return false
  for (const [hash, [, value]] of a.entries) {
    const other = b.entries.get(hash)
    if (!other || !equals(value, other[1])) return false
  }
  return true
}

function equalSets(a: PySet, b: PySet): boolean {
  return a.size === b.size && [...a.entries.keys()].every((key) => b.entries.has(key))
}

/** Negative, zero or positive; NaN when either is not a number. */
function compareNumbers(a: Numeric, b: Numeric): number {
  const x = a instanceof Float ? a.value : a
  const y = b instanceof Float ? b.value : b
  if (x === y) return 0
  if (x < y) return -1
  return x > y ? 1 : Number(x) === Number(y) ? 0 : Number.NaN
}

/** Compares the characters of two strings by code point. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (x === y) continue
    const wideX = x >= 0xd800 && x <= 0xdfff
    const wideY = y >= 0xd800 && y <= 0xdfff
    return wideX === wideY ? x - y : wideX ? 1 : -1
  }
  return a.length - b.length
}

/** Orders two values, or gives undefined when Python can't. */
function maybeCompare(a: Value, b: Value, operator: string): number | undefined {
  if (isText(a) && isText(b)) return compareText(textOf(a), textOf(b))
  const [numberA, numberB] = [maybeNumeric(a), maybeNumeric(b)]
  if (numberA !== undefined && numberB !== undefined) return compareNumbers(numberA, numberB)
  if (Array.isArray(a) && Array.isArray(b)) return compareItems(a, b, operator)
  if (a instanceof Tuple && b instanceof Tuple) return compareItems(a.items, b.items, operator)
  if (a instanceof HostObject) {
    const own = a.protocol.compare?.(b)
    if (own !== undefined) return own
  }
  if (b instanceof HostObject) {
    const reflected = b.protocol.compare?.(a)
    if (reflected !== undefined) return -reflected
  }
  return undefined
}

function compareItems(a: readonly Value[], b: readonly Value[], operator: string): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++)
    if (!equals(a[at]!, b[at]!)) return compare(a[at]!, b[at]!, operator)
  return a.length - b.length
}

/** Orders two values; raises where Python raises. */
export function compare(a: Value, b: Value, operator = '<'): number {
  if (a instanceof Undefined) a.fail()
  if (b instanceof Undefined) b.fail()
  return (
    maybeCompare(a, b, operator) ??
    raise(
      'TypeError',
      `'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
    )
  )
}

function isSubset(a: PySet, b: PySet): boolean {
  return [...a.entries.keys()].every((key) => b.entries.has(key))
}

/** a < b, a <= b, a > b or a >= b. */
export function ordered(operator: '<' | '<=' | '>' | '>=', a: Value, b: Value): boolean {
  if (a instanceof PySet && b instanceof PySet) {
    const [small, large] = operator.startsWith('<') ? [a, b] : [b, a]
    return isSubset(small, large) && (operator.length === 2 || small.size < large.size)
  }
  const order = compare(a, b, operator)
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}
