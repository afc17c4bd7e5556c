/** Whether a value comes back the same when it is written as JSON and read again. */
export function isPlainData(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (Array.isArray(value) ? value.every(isPlainData) : isPlainObject(value))
    default:
      return false
  }
}

function isPlainObject(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  // A key of this name would become the prototype of what is read.
  for (const key in value)
    if (key === '__proto__' || !isPlainData((value as Record<string, unknown>)[key])) return false
  return true
}
