// Python's dict and set: insertion order, keys of any hashable value, 1 == 1.0 == True being one key.
import {
  type DictLike,
  Float,
  HostObject,
  Lazy,
  Markup,
  raise,
  type SetLike,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

/** What a value is looked up by: equal values have the same key. Raises for unhashable values. */
export function hashKey(value: Value): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\0s${value}` : value
  if (typeof value === 'number' || typeof value === 'bigint' || value === null) return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Float) return floatKey(value.value)
  if (value instanceof Markup) return hashKey(value.text)
  if (value instanceof Tuple) return tupleKey(value)
  if (value instanceof HostObject) return value.protocol.hashKey?.() ?? value
  if (value instanceof Undefined || value instanceof Lazy) return value
  if (Array.isArray(value) || value instanceof Dict || value instanceof PySet)
    return raise('TypeError', `unhashable type: '${typeName(value)}'`)
  return value
}

function floatKey(value: number): unknown {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return BigInt(value)
  return value === 0 ? 0 : value
}

/** A text that stands for a key inside a tuple's key, or undefined when only identity tells it apart. */
function keyPart(value: Value): string | undefined {
  const key = hashKey(value)
  if (typeof key === 'string') return `s${key.length}:${key}`
  return typeof key === 'object' && key !== null ? undefined : `n${String(key)}`
}

function tupleKey(tuple: Tuple): unknown {
  const parts = tuple.items.map(keyPart)
  return parts.includes(undefined) ? tuple : `\0t${parts.join(',')}`
}

/** A Python dict. */
export class Dict implements DictLike {
  readonly kind = 'dict' as const
  readonly entries = new Map<unknown, [Value, Value]>()

  /** A dict of the given pairs. */
  static of(pairs: Iterable<readonly [Value, Value]>): Dict {
    const dict = new Dict()
    for (const [key, value] of pairs) dict.set(key, value)
    return dict
  }
  get size(): number {
    return this.entries.size
  }
  get(key: Value): Value | undefined {
    return this.entries.get(hashKey(key))?.[1]
  }
  has(key: Value): boolean {
    return this.entries.has(hashKey(key))
  }
  set(key: Value, value: Value): void {
    const hash = hashKey(key)
    const entry = this.entries.get(hash)
    if (entry) entry[1] = value
    else this.entries.set(hash, [key, value])
  }
  delete(key: Value): boolean {
    return this.entries.delete(hashKey(key))
  }
  *keys(): Generator<Value> {
    for (const [key] of this.live()) yield key
  }
  *values(): Generator<Value> {
    for (const [, value] of this.live()) yield value
  }
  *items(): Generator<Value> {
    for (const [key, value] of this.live()) yield new Tuple([key, value])
  }
  /** The entries; like Python it refuses to go on when the dict grew or shrank meanwhile. */
  private *live(): Generator<[Value, Value]> {
    const size = this.entries.size
    for (const entry of this.entries.values()) {
      yield entry
      if (this.entries.size !== size) raise('RuntimeError', 'dictionary changed size during iteration')
    }
  }
}

/** A Python set. It keeps insertion order, which Python leaves open. */
export class PySet implements SetLike {
  readonly kind = 'set' as const
  readonly entries = new Map<unknown, Value>()
  constructor(values: Iterable<Value> = []) {
    for (const value of values) this.add(value)
  }
  get size(): number {
    return this.entries.size
  }
  has(value: Value): boolean {
    return this.entries.has(hashKey(value))
  }
  add(value: Value): void {
    const key = hashKey(value)
    if (!this.entries.has(key)) this.entries.set(key, value)
  }
  delete(value: Value): boolean {
    return this.entries.delete(hashKey(value))
  }
  [Symbol.iterator](): Iterator<Value> {
    return this.entries.values()
  }
}
