import { createHash } from 'node:crypto'
import { LineCounter, stringify as stringifyYaml } from 'yaml'
import { parseLoosely } from '../../core/parse-loosely.ts'
import { withYamlScalars } from '../../core/yaml-scalars.ts'
import {
  Dict,
  dumpJson,
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  iterate,
  type Kwargs,
  loadJson,
  makeSet,
  PyError,
  raise,
  str,
  toExactJs,
  truth,
  type Value,
  zip,
} from '../dialect/index.ts'

/*
 * The functions of dbt's context that compute and reach nothing outside.
 */

type Call = (args: readonly Value[], kwargs: Kwargs) => Value

const functions: Readonly<Record<string, Call>> = {
  fromjson: ([text, fallback], { default: named }) =>
    orElse(['ValueError'], fallback ?? named, () => loadJson(str(text ?? null)) ?? fallback ?? named ?? null),
  tojson: ([value, fallback, sortKeys], kwargs) =>
    orElse(['ValueError'], fallback ?? kwargs['default'], () =>
      dumpJson(value ?? null, { sortKeys: truth(sortKeys ?? kwargs['sort_keys'] ?? false) }),
    ),
  fromyaml: ([text, fallback], kwargs) => {
    const options = { version: '1.1', uniqueKeys: false, customTags: withYamlScalars } as const
    const parsed = parseLoosely(str(text ?? null), new LineCounter(), options)
    if (parsed.errors.length > 0) return fallback ?? kwargs['default'] ?? null
    return fromJs(parsed.toJS())
  },
  toyaml: ([value, , sortKeys], kwargs) =>
    stringifyYaml(toExactJs(value ?? null), {
      version: '1.1',
      customTags: withYamlScalars,
      singleQuote: true,
      indentSeq: false,
      lineWidth: 80,
      sortMapEntries: truth(sortKeys ?? kwargs['sort_keys'] ?? false),
    }),
  set: ([values, fallback], kwargs) =>
    orElse(['TypeError'], fallback ?? kwargs['default'], () => makeSet(values ?? [])),
  set_strict: ([values]) => makeSet(values ?? null),
  zip: (args, kwargs) =>
    orElse(['TypeError'], kwargs['default'], () => {
      // Python's zip looks at its arguments at once, not when it is read.
      for (const arg of args) iterate(arg)
      return zip(args)
    }),
  zip_strict: (args) => zip(args),
  local_md5: ([text]) =>
    createHash('md5')
      .update(str(text ?? null))
      .digest('hex'),
  diff_of_two_dicts: ([a, b], kwargs) => diffOfTwoDicts(a ?? kwargs['dict_a'], b ?? kwargs['dict_b']),
}

/** Their names, `validation` among them. */
export const functionNames: readonly string[] = [...Object.keys(functions), 'validation']

/** One of the functions. */
export function plainFunction(name: string): HostObject {
  return name === 'validation' ? validationValue() : hostFunction(name, functions[name]!)
}

function orElse(caught: readonly string[], fallback: Value | undefined, compute: () => Value): Value {
  try {
    return compute()
  } catch (error) {
    if (error instanceof PyError && caught.includes(error.type)) return fallback ?? null
    throw error
  }
}

/** What of a dict of lists is not in another, keys and members compared without regard to case. */
function diffOfTwoDicts(a: Value | undefined, b: Value | undefined): Value {
  const lower = (value: Value): string => str(value).toLowerCase()
  const known = new Map<string, Set<string>>()
  if (b instanceof Dict)
    for (const [key, list] of b.entries.values())
      known.set(lower(key), new Set([...iterate(list)].map(lower)))
  const difference = new Dict()
  if (!(a instanceof Dict)) return difference
  for (const [key, list] of a.entries.values()) {
    const there = known.get(lower(key))
    const missing = [...iterate(list)].filter((item) => !there?.has(lower(item)))
    if (missing.length > 0) difference.set(key, missing)
  }
  return difference
}

/** `validation.any[…]`: a check that a config value is of one of some kinds. */
function validationValue(): HostObject {
  const any = hostObject({
    type: 'function',
    call: (allowed) => hostFunction('inner', ([value = null]) => checkAny(allowed, value)),
    item: (allowed) => hostFunction('inner', ([value = null]) => checkAny([allowed], value)),
  })
  return hostObject({ type: 'dict', attribute: (name) => (name === 'any' ? any : undefined) })
}

function checkAny(allowed: readonly Value[], value: Value): Value {
  const fits = allowed.some((one) => typeof one === 'object' || one === value)
  if (!fits)
    raise(
      'ValueError',
      `Expected value "${str(value)}" to be one of ${allowed.map((one) => str(one)).join(',')}`,
    )
  return null
}
