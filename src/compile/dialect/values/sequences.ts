// Truth, length, iteration, membership, indexing and slicing.
import { equals } from './compare.ts'
import { Dict, PySet } from './dict.ts'
import { indexOf } from './numbers.ts'
import {
  Float,
  HostObject,
  isText,
  Lazy,
  Markup,
  Range,
  raise,
  Tuple,
  textOf,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

/** Whether a value counts as true. */
export function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (value === null || value === '' || value === 0) return false
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return true
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Undefined) return false
  if (value instanceof Float) return value.value !== 0
  if (value instanceof Tuple) return value.items.length > 0
  if (value instanceof Markup) return value.text !== ''
  if (value instanceof Range) return value.length > 0
  if (value instanceof Dict || value instanceof PySet) return value.size > 0
  if (value instanceof HostObject) {
    const { truth: own, length: size } = value.protocol
    if (own) return own.call(value.protocol)
    return size ? size.call(value.protocol) > 0 : true
  }
  return true
}

const surrogate = /[\ud800-\udfff]/

/** The characters (code points) of a string. */
export function charsOf(text: string): readonly string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('')
}

/** The length of a string in characters. */
export function textLength(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length
}

/** Python's len(value), or undefined when it has none. */
export function maybeLength(value: Value): number | undefined {
  if (isText(value)) return textLength(textOf(value))
  if (Array.isArray(value)) return value.length
  if (value instanceof Tuple) return value.items.length
  if (value instanceof Range) return value.length
  if (value instanceof Dict || value instanceof PySet) return value.size
  if (value instanceof Undefined) return 0
  if (value instanceof HostObject) return value.protocol.length?.()
  return undefined
}

/** Python's len(value). */
export function lengthOf(value: Value): number {
  return maybeLength(value) ?? raise('TypeError', `object of type '${typeName(value)}' has no len()`)
}

/** What Python iterates over, or undefined when the value is not iterable. */
export function maybeIterate(value: Value): Iterable<Value> | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  if (isText(value)) return charsOf(textOf(value))
  if (value instanceof Dict) return value.keys()
  if (value instanceof PySet || value instanceof Range || value instanceof Lazy) return value
  if (value instanceof Undefined) return []
  if (value instanceof HostObject) return value.protocol.iterate?.()
  return undefined
}

/** What Python iterates over. */
export function iterate(value: Value): Iterable<Value> {
  return maybeIterate(value) ?? raise('TypeError', `'${typeName(value)}' object is not iterable`)
}

/** The values of an iterable as a fresh array. */
export function listOf(value: Value): Value[] {
  return [...iterate(value)]
}

/** A generator, as Python's filters and itertools return. */
export function lazy(values: Iterable<Value>, name = 'generator'): Lazy {
  return new Lazy(name, values[Symbol.iterator]())
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value): boolean {
  if (isText(container)) {
    if (!isText(item))
      return raise('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`)
    return textOf(container).includes(textOf(item))
  }
  if (container instanceof Dict || container instanceof PySet) return container.has(item)
  if (container instanceof HostObject && container.protocol.contains) return container.protocol.contains(item)
  const values = maybeIterate(container)
  if (!values) return raise('TypeError', `argument of type '${typeName(container)}' is not iterable`)
  for (const value of values) if (equals(value, item)) return true
  return false
}

/** Assigns an iterable to `count` targets, as `set a, b = …` and `for a, b in …` do. */
export function unpack(value: Value, count: number): readonly Value[] {
  const values = maybeIterate(value)
  if (!values) return raise('TypeError', `cannot unpack non-iterable ${typeName(value)} object`)
  const items: Value[] = []
  for (const item of values) {
    items.push(item)
    if (items.length > count) return raise('ValueError', `too many values to unpack (expected ${count})`)
  }
  if (items.length < count)
    raise('ValueError', `not enough values to unpack (expected ${count}, got ${items.length})`)
  return items
}

/** The parts of a slice; null where left out. */
export interface Slice {
  readonly start: Value
  readonly stop: Value
  readonly step: Value
}

function sliceBound(value: Value): number {
  return indexOf(value, 'slice indices must be integers or None or have an __index__ method')
}

/** Where a slice of a sequence of the given length begins and ends, and its step. */
function sliceBounds(slice: Slice, length: number): { start: number; stop: number; step: number } {
  const step = slice.step === null ? 1 : sliceBound(slice.step)
  if (step === 0) raise('ValueError', 'slice step cannot be zero')
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1]
  const clip = (value: Value, missing: number) => {
    if (value === null) return missing
    const bound = sliceBound(value)
    return Math.min(Math.max(bound < 0 ? bound + length : bound, low), high)
  }
  return {
    start: clip(slice.start, step > 0 ? low : high),
    stop: clip(slice.stop, step > 0 ? high : low),
    step,
  }
}

/** The indices that a slice picks from a sequence of the given length. */
export function sliceIndices(slice: Slice, length: number): number[] {
  const { start, stop, step } = sliceBounds(slice, length)
  const indices: number[] = []
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) indices.push(at)
  return indices
}

/** `value[start:stop:step]`, or undefined when the value can't be sliced. */
export function maybeSlice(value: Value, slice: Slice): Value | undefined {
  if (isText(value)) {
    const chars = charsOf(textOf(value))
    const text = sliceIndices(slice, chars.length)
      .map((at) => chars[at])
      .join('')
    return value instanceof Markup ? new Markup(text) : text
  }
  const pick = (items: readonly Value[]) => sliceIndices(slice, items.length).map((at) => items[at]!)
  if (Array.isArray(value)) return pick(value)
  if (value instanceof Tuple) return new Tuple(pick(value.items))
  if (value instanceof Range) return sliceRange(value, slice)
  return undefined
}

/** The range of the same positions, as Python prints it: its end is where the slice ends, be that in it or not. */
function sliceRange(range: Range, slice: Slice): Range {
  const { start, stop, step } = sliceBounds(slice, range.length)
  const at = (index: number) => range.start + index * range.step
  return new Range(at(start), at(stop), range.step * step)
}

/** The element of a sequence at an index that may be negative, or undefined when out of range. */
export function elementAt(value: Value, index: number): Value | undefined {
  const items = indexable(value)
  if (!items) return undefined
  const element = items[index < 0 ? index + items.length : index]
  return element !== undefined && value instanceof Markup ? new Markup(element as string) : element
}

function indexable(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof Tuple) return value.items
  if (isText(value)) return charsOf(textOf(value))
  if (value instanceof Range) return [...value]
  return undefined
}
