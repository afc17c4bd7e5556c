import { WholeFloat } from '../../core/whole-float.ts'

/*
 * Values as text and back: JSON, in which the few values that JSON does not have are written as objects with a key
 * that nothing else has.
 */

const mark = '\0'
const markInText = `{${JSON.stringify(mark)}:`

/** Thrown for what cannot be written; nothing that a project says should be such a thing. */
export class Unkeepable extends Error {}

/** The text of a value; equal values have equal texts. */
export function keptText(value: unknown): string {
  return JSON.stringify(isPlain(value) ? value : marked(value))
}

/** The value of a text. */
export function fromKeptText(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return text.includes(markInText) ? unmarked(value) : value
}

/** Whether JSON gives a value back as it is. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (Array.isArray(value) ? isPlainList(value) : isPlainObject(value))
    default:
      return false
  }
}

// Nearly all of what is looked at is text, for which nothing is called.

function isPlainList(list: readonly unknown[]): boolean {
  for (const item of list) if (typeof item !== 'string' && !isPlain(item)) return false
  return true
}

function isPlainObject(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const key in value) {
    // A key of this name would become the prototype of what is read.
    if (key === '__proto__' || key === mark) return false
    const inner = (value as Record<string, unknown>)[key]
    if (typeof inner !== 'string' && !isPlain(inner)) return false
  }
  return true
}

function marked(value: unknown): unknown {
  if (isPlain(value)) return value
  if (Array.isArray(value)) return value.map(marked)
  if (value instanceof WholeFloat) return { [mark]: 'float', value: numberText(value.value) }
  switch (typeof value) {
    case 'number':
      return { [mark]: 'number', value: numberText(value) }
    case 'bigint':
      return { [mark]: 'bigint', value: String(value) }
    case 'undefined':
      return { [mark]: 'undefined' }
    case 'object':
      return markedObject(value!)
    default:
      throw new Unkeepable(`a ${typeof value} cannot be kept`)
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function markedObject(value: object): unknown {
  if (Object.getPrototypeOf(value) !== Object.prototype || mark in value || Object.hasOwn(value, '__proto__'))
    throw new Unkeepable('an object of a class cannot be kept')
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, marked(item)]))
}

function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked)
  if (typeof value !== 'object' || value === null) return value
  if (mark in value) return special(value as { readonly [mark]: string; readonly value: string })
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unmarked(item)]))
}

function special({ [mark]: kind, value }: { readonly [mark]: string; readonly value: string }): unknown {
  switch (kind) {
    case 'float':
      return new WholeFloat(Number(value))
    case 'bigint':
      return BigInt(value)
    case 'undefined':
      return undefined
    default:
      return Number(value)
  }
}
