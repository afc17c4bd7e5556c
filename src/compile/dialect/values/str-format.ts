// Python's `'{0.name:>10} {x!r}'.format(…)`.
import { convertField, formatValue } from './format-spec.ts'
import { type Kwargs, raise, type Value } from './value.ts'

/** How fields such as `{0.name}` and `{0[key]}` reach into a value. */
export interface FieldAccess {
  attribute(value: Value, name: string): Value
  item(value: Value, key: Value): Value
}

interface Arguments {
  readonly access: FieldAccess
  readonly args: readonly Value[]
  readonly lookUp: (name: string) => Value
  /** How many fields have been numbered automatically, or 'manual'. */
  numbering: number | 'manual' | undefined
}

/** Formats a string with positional and keyword arguments. */
export function strFormat(
  format: string,
  args: readonly Value[],
  kwargs: Kwargs,
  access: FieldAccess,
): string {
  const lookUp = (name: string): Value =>
    kwargs[name] ?? (name in kwargs ? null : raise('KeyError', `'${name}'`))
  return expand(format, { access, args, lookUp, numbering: undefined }, 2)
}

/** `format_map`: names come from a mapping. */
export function strFormatMap(format: string, lookUp: (name: string) => Value, access: FieldAccess): string {
  return expand(format, { access, args: [], lookUp, numbering: undefined }, 2)
}

function expand(format: string, given: Arguments, depth: number): string {
  if (depth < 0) raise('ValueError', 'Max string recursion exceeded')
  let out = ''
  let at = 0
  while (at < format.length) {
    const char = format[at]!
    if ((char === '{' || char === '}') && format[at + 1] === char) {
      out += char
      at += 2
    } else if (char === '{') {
      const end = endOfField(format, at)
      out += expandField(format.slice(at + 1, end), given, depth)
      at = end + 1
    } else if (char === '}') {
      raise('ValueError', "Single '}' encountered in format string")
    } else {
      out += char
      at += 1
    }
  }
  return out
}

function endOfField(format: string, start: number): number {
  let depth = 0
  for (let at = start; at < format.length; at++) {
    if (format[at] === '{') depth += 1
    if (format[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  return raise(
    'ValueError',
    start === format.length - 1
      ? "Single '{' encountered in format string"
      : "expected '}' before end of string",
  )
}

function expandField(text: string, given: Arguments, depth: number): string {
  const match = /^((?:[^[\]!:]|\[[^\]]*\])*)(?:!([^:]*))?(?::(.*))?$/s.exec(text)
  if (!match) return raise('ValueError', "expected ':' after conversion specifier")
  const [, name = '', conversion, spec = ''] = match
  const value = fieldValue(name, given)
  const shown = conversion === undefined ? value : convertField(value, conversion)
  return formatValue(shown, expand(spec, given, depth - 1))
}

function fieldValue(name: string, given: Arguments): Value {
  const match = /^([^.[]*)(.*)$/s.exec(name)
  let value = firstValue(match?.[1] ?? '', given)
  for (const [, attribute, item] of (match?.[2] ?? '').matchAll(/\.([^.[]*)|\[([^\]]*)\]/g)) {
    if (attribute !== undefined) value = given.access.attribute(value, attribute)
    else value = given.access.item(value, /^\d+$/.test(item ?? '') ? Number(item) : (item ?? ''))
  }
  return value
}

function firstValue(first: string, given: Arguments): Value {
  if (first !== '' && !/^\d+$/.test(first)) return given.lookUp(first)
  const manual = first !== ''
  if (given.numbering !== undefined && manual !== (given.numbering === 'manual'))
    raise(
      'ValueError',
      manual
        ? 'cannot switch from automatic field numbering to manual field specification'
        : 'cannot switch from manual field specification to automatic field numbering',
    )
  const index = manual ? Number(first) : ((given.numbering as number | undefined) ?? 0)
  given.numbering = manual ? 'manual' : index + 1
  const value = given.args[index]
  return value === undefined
    ? raise('IndexError', `Replacement index ${index} out of range for positional args tuple`)
    : value
}
