// What a filter is: parameters bound by position or name, and a function of them.
import type { Session } from '../session.ts'
import { bind } from '../values/arguments.ts'
import { getItem } from '../values/attributes.ts'
import { str } from '../values/repr.ts'
import { isText, type Kwargs, raise, textOf, Undefined, type Value } from '../values/value.ts'

/** An argument that may have been left out. */
export type Maybe = Value | undefined

/** A filter of the dialect. */
export type Filter = (session: Session, args: readonly Value[], kwargs: Kwargs) => Value

/** Makes a filter whose first parameter is the filtered value and whose others may be left out. */
export function filter(
  parameters: readonly string[],
  run: (value: Value, ...args: Maybe[]) => Value,
  required = 0,
): (name: string) => Filter {
  const names = ['value', ...parameters]
  return (name) => (_session, args, kwargs) => {
    const [value, ...rest] = bind(name, names, required + 1, args, kwargs)
    return run(value!, ...rest)
  }
}

/** Makes a filter that reads all its arguments itself. */
export function freeFilter(run: Filter): (name: string) => Filter {
  return () => run
}

/** The text of a value, as filters that begin with soft_str take it; an undefined counts as empty. */
export function textArgument(value: Value): string {
  return isText(value) ? textOf(value) : str(value)
}

/** The int of an argument, or a default when left out or none. */
export function intArgument(value: Maybe, missing: number): number {
  if (value === undefined || value === null) return missing
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
  return raise('TypeError', 'an integer is required')
}

/** Reads `a.b.0` off a value, as the `attribute` argument of filters does. */
export function attributeGetter(attribute: Maybe, missing?: Maybe): (item: Value) => Value {
  if (attribute === undefined || attribute === null) return (item) => item
  const parts: Value[] =
    typeof attribute === 'string'
      ? attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      : [attribute]
  return (item) => {
    let value = item
    for (const part of parts) {
      value = getItem(value, part)
      if (value instanceof Undefined && missing !== undefined && missing !== null) value = missing
    }
    return value
  }
}

/** Lower case for strings, anything else as it is: what ignoring case compares. */
export function ignoreCase(value: Value): Value {
  return isText(value) ? textOf(value).toLowerCase() : value
}
