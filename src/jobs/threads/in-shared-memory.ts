/**
 * Plain data whose arrays of numbers lie where all threads see them; what was one array stays one.
 */
export function inSharedMemory<T>(value: T, known: Map<unknown, unknown> = new Map()): T {
  if (typeof value !== 'object' || value === null) return value
  const found = known.get(value)
  if (found !== undefined) return found as T
  const copy = copyOf(value, known)
  known.set(value, copy)
  return copy as T
}

function copyOf(value: object, known: Map<unknown, unknown>): unknown {
  if (value instanceof Float64Array) return filled(new Float64Array(sharedBytes(value)), value)
  if (value instanceof Int32Array) return filled(new Int32Array(sharedBytes(value)), value)
  if (value instanceof Uint8Array) return filled(new Uint8Array(sharedBytes(value)), value)
  if (Array.isArray(value)) return value.map((one: unknown) => inSharedMemory(one, known))
  if (value instanceof Map)
    return new Map([...value].map(([key, one]) => [key, inSharedMemory<unknown>(one, known)]))
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inSharedMemory(one, known)]))
}

function sharedBytes({ byteLength }: { readonly byteLength: number }): SharedArrayBuffer {
  return new SharedArrayBuffer(byteLength)
}

function filled<A extends { set(values: ArrayLike<number>): void }>(copy: A, values: ArrayLike<number>): A {
  copy.set(values)
  return copy
}
