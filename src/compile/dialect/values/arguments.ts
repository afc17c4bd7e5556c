// Binding the arguments of a call to the parameters of a built-in function, as Python does.
import { type Kwargs, raise, type Value } from './value.ts'

/** An empty set of keyword arguments. */
export const noKwargs: Kwargs = Object.freeze(Object.create(null) as Record<string, Value>)

/**
 * Puts positional and keyword arguments in the order of `names`; what is missing is undefined.
 * The first `required` must be there. A name that starts with `*` takes the rest and must be last.
 */
export function bind(
  functionName: string,
  names: readonly string[],
  required: number,
  args: readonly Value[],
  kwargs: Kwargs = noKwargs,
): (Value | undefined)[] {
  const bound: (Value | undefined)[] = args.slice(0, names.length)
  if (args.length > names.length)
    raise(
      'TypeError',
      names.length === 0
        ? `${functionName}() takes no arguments (${args.length} given)`
        : `${functionName}() takes at most ${names.length} argument${names.length === 1 ? '' : 's'} (${args.length} given)`,
    )
  for (const name of Object.keys(kwargs)) {
    const at = names.indexOf(name)
    if (at < 0) raise('TypeError', `${functionName}() got an unexpected keyword argument '${name}'`)
    if (bound[at] !== undefined)
      raise('TypeError', `${functionName}() got multiple values for argument '${name}'`)
    bound[at] = kwargs[name]
  }
  for (let at = 0; at < required; at++)
    if (bound[at] === undefined)
      raise('TypeError', `${functionName}() missing required argument '${names[at]}' (pos ${at + 1})`)
  return bound
}
