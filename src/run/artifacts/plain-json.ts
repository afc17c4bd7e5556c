import { WholeFloat } from '../../core/whole-float.ts'

/*
 * Configuration and meta hold whatever people and templates put there; JSON holds less.
 */

/** The value as JSON can hold it: whole numbers too big for it become text, what has no value becomes null. */
export function plainJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value instanceof WholeFloat) return value.value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (Array.isArray(value)) return value.map(plainJson)
  if (value instanceof Map) return plainObject(Object.fromEntries(value))
  if (value instanceof Set) return [...value].map(plainJson)
  if (typeof value === 'object' && value !== null) return plainObject(value)
  return typeof value === 'string' || typeof value === 'boolean' ? value : null
}

/** `plainJson` of an object's values. */
export function plainObject(value: object): Record<string, unknown> {
  // One pass: thousands are made, most of them of nothing or next to it.
  const entries: [string, unknown][] = []
  for (const [key, inner] of Object.entries(value))
    if (inner !== undefined) entries.push([key, plainJson(inner)])
  return entries.length === 0 ? {} : Object.fromEntries(entries)
}
