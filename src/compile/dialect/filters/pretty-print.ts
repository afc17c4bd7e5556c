// Python's pprint: one line when it fits in 80 columns, else one item a line; dicts sorted by key.
import { compare } from '../values/compare.ts'
import { Dict } from '../values/dict.ts'
import { repr } from '../values/repr.ts'
import { PyError, Tuple, type Value } from '../values/value.ts'

const width = 80

/** Pretty-prints a value. */
export function prettyPrint(value: Value): string {
  return print(value, 0, 0)
}

/** A copy whose dicts are sorted, so that repr prints it as pprint does on one line. */
function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted)
  if (value instanceof Tuple) return new Tuple(value.items.map(sorted))
  if (!(value instanceof Dict)) return value
  return Dict.of(sortedEntries(value).map(([key, item]) => [key, sorted(item)] as const))
}

function sortedEntries(dict: Dict): readonly (readonly [Value, Value])[] {
  return [...dict.entries.values()].sort(([a], [b]) => {
    try {
      return compare(a, b)
    } catch (error) {
      if (error instanceof PyError) return 0
      throw error
    }
  })
}

/** Prints a value that begins at a column and is followed by some closing characters. */
function print(value: Value, column: number, after: number): string {
  const line = repr(sorted(value))
  if (column + line.length + after <= width) return line
  const inner = column + 1
  const lines = (items: readonly string[]) => items.join(`,\n${' '.repeat(inner)}`)
  if (value instanceof Dict) {
    const entries = sortedEntries(value)
    const items = entries.map(([key, item], at) => {
      const head = `${repr(key)}: `
      return head + print(item, inner + head.length, at === entries.length - 1 ? after + 1 : 1)
    })
    return `{${lines(items)}}`
  }
  if (!Array.isArray(value) && !(value instanceof Tuple)) return line
  const list = Array.isArray(value) ? value : value.items
  const items = list.map((item, at) => print(item, inner, at === list.length - 1 ? after + 1 : 1))
  if (Array.isArray(value)) return `[${lines(items)}]`
  return list.length === 1 ? `(${items[0]},)` : `(${lines(items)})`
}
