// Rendering to a value instead of text, as dbt renders what stands in YAML.

import { MarkedText } from './filters/value-filters.ts'
import { literalEval } from './literal-eval.ts'
import { maybeNumeric } from './values/numbers.ts'
import { str } from './values/repr.ts'
import { raise, type Value } from './values/value.ts'

/** The value that written pieces make: a lone one stays what it is, several become text. */
export function nativeValue(pieces: readonly Value[]): Value {
  if (pieces.length === 0) return ''
  if (pieces.length > 1) return pieces.map(str).join('')
  const piece = pieces[0]!
  if (!(piece instanceof MarkedText)) return piece
  return piece.mark === 'text' ? piece.text : markedValue(piece)
}

/** What a text marked by `as_native`, `as_bool` or `as_number` stands for in Python. */
function markedValue({ text, mark }: MarkedText): Value {
  const read = literalEval(text)
  const value = read === undefined ? text : read
  if (mark === 'bool' && typeof value !== 'boolean')
    raise('ValueError', `Could not convert value '${text}' into type 'bool'`)
  const isNumber = typeof value !== 'boolean' && maybeNumeric(value) !== undefined
  if (mark === 'number' && !isNumber)
    raise('ValueError', `Could not convert value '${text}' into type 'number'`)
  return value
}
