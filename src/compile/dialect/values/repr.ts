// How Python prints values: `str()` for output, `repr()` inside lists, dicts and tuples.
import { Dict, PySet } from './dict.ts'
import { floatRepr } from './numbers.ts'
import {
  Float,
  HostObject,
  Lazy,
  Markup,
  Namespace,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './value.ts'

/** Python's str(value). */
export function str(value: Value): string {
  if (typeof value === 'string') return value
  if (value instanceof Markup) return value.text
  if (value instanceof Undefined) return ''
  if (value instanceof HostObject) return (value.protocol.str ?? value.protocol.repr ?? anonymous(value))()
  return repr(value)
}

/** Python's repr(value). */
export function repr(value: Value): string {
  return reprWithin(value, [])
}

function anonymous(value: HostObject): () => string {
  return () => `<${value.protocol.type} object>`
}

function reprWithin(value: Value, outer: readonly Value[]): string {
  if (typeof value === 'string') return reprText(value)
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Float) return value.written ?? floatRepr(value.value)
  if (value instanceof Markup) return `Markup(${reprText(value.text)})`
  if (value instanceof Undefined) return 'Undefined'
  if (value instanceof HostObject) return (value.protocol.repr ?? anonymous(value))()
  return reprContainer(value, outer)
}

function reprContainer(value: Value, outer: readonly Value[]): string {
  const inner = [...outer, value]
  const each = (item: Value) => reprWithin(item, inner)
  const seen = outer.includes(value)
  if (Array.isArray(value)) return seen ? '[...]' : `[${value.map(each).join(', ')}]`
  if (value instanceof Tuple) {
    if (seen) return '(...)'
    return value.items.length === 1 ? `(${each(value.items[0]!)},)` : `(${value.items.map(each).join(', ')})`
  }
  if (value instanceof Dict)
    return seen
      ? '{...}'
      : `{${[...value.entries.values()].map(([key, item]) => `${each(key)}: ${each(item)}`).join(', ')}}`
  if (value instanceof PySet) return value.size === 0 ? 'set()' : `{${[...value].map(each).join(', ')}}`
  if (value instanceof Range)
    return value.step === 1
      ? `range(${value.start}, ${value.stop})`
      : `range(${value.start}, ${value.stop}, ${value.step})`
  if (value instanceof Namespace)
    return `<Namespace {${[...value.attributes].map(([key, item]) => `${reprText(key)}: ${each(item)}`).join(', ')}}>`
  if (value instanceof Lazy) return `<${value.typeName} object>`
  return `<${typeName(value)} object>`
}

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Python's repr of a str: single quotes unless it holds single and no double ones. */
export function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const isAsWritten = quote === '"' ? /^[\x20-\x5b\x5d-\x7e]*$/ : /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/
  if (isAsWritten.test(text)) return quote + text + quote
  let out = ''
  for (const char of text) out += char === quote ? `\\${quote}` : (escapes[char] ?? escapeUnprintable(char))
  return quote + out + quote
}

function escapeUnprintable(char: string): string {
  if (char === ' ' || !/[\p{C}\p{Z}]/u.test(char)) return char
  const code = char.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}
