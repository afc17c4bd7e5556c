/*
 * Looking into the entries of manifests that may come from elsewhere.
 */

/** An entry of a manifest, as JSON. */
export type Entry = Readonly<Record<string, unknown>>

/** The object that lies at the path; an empty one where there is none. */
export function part(entry: Entry, ...path: readonly string[]): Entry {
  return path.reduce<Entry>((value, key) => (isObject(value[key]) ? value[key] : {}), entry)
}

/** Whether there is something at the path. */
export function hasPart(entry: Entry, ...path: readonly string[]): boolean {
  return part(entry, ...path.slice(0, -1))[path.at(-1)!] !== undefined
}

/** Whether two values say something different; what is null, false or empty says the same as nothing. */
export function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(pruned(a)) !== JSON.stringify(pruned(b))
}

/** The value with its keys in order, and without those that hold nothing. */
export function pruned(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => pruned(item) ?? null)
    return items.length === 0 ? undefined : items
  }
  if (!isObject(value)) return value === null || value === false || value === '' ? undefined : value
  const entries = Object.entries(value)
    .map(([key, item]) => [key, pruned(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
