import { WholeFloat } from '../core/whole-float.ts'

/*
 * Configuration comes from several places; the nearer one wins: project.yml along the folders, the node's YAML,
 * config() in the file. Some keys add up or merge instead, as in dbt.
 */

export type Config = Readonly<Record<string, unknown>>

/** Keys whose values add up to a list. */
const additive = new Set(['tags', 'pre_hook', 'post_hook', 'packages'])

/** Keys whose mappings merge, the nearer entry winning. */
const merging = new Set(['meta', 'column_types', 'quoting', 'docs', 'contract', 'snapshot_meta_column_names'])

/** One spelling for a key: `+pre-hook`, `pre-hook` and `pre_hook` are the same. */
export function configKey(key: string): string {
  const plain = key.startsWith('+') ? key.slice(1).trim() : key
  return plain.includes('-') ? plain.replaceAll('-', '_') : plain
}

/**
 * What a config tree of project.yml says for a node: the values met while walking down its fqn
 * (package, folders, name), the deepest last. A key is a value when it starts with `+` or does not hold a map;
 * otherwise it names a folder.
 */
export type ConfigAlong = (tree: Config, fqn: readonly string[]) => Config

/** Makes that; what the nodes of a folder have in common is put together once. */
export function makeConfigAlong(): ConfigAlong {
  return makeAlong((above, level) => mergeConfig(above, ownValues(level)))
}

/**
 * The same as it is written: of each key the value of the deepest folder, under the name that it has there, with
 * nothing added up.
 */
export function makeWrittenAlong(): ConfigAlong {
  return makeAlong((above, level) => ({ ...above, ...plainKeys(ownValues(level)) }))
}

function makeAlong(join: (above: Config, level: Config) => Config): ConfigAlong {
  // By what stands above as well: YAML may have one value in two places.
  const known = new WeakMap<Config, WeakMap<Config, Config>>()
  const nothing: Config = {}
  const withLevel = (above: Config, level: Config): Config => {
    const below = known.get(above) ?? new WeakMap<Config, Config>()
    known.set(above, below)
    const joined = below.get(level) ?? join(above, level)
    below.set(level, joined)
    return joined
  }
  return (tree, fqn) => {
    let merged = withLevel(nothing, tree)
    let level = tree
    for (const part of fqn) {
      const next = Object.hasOwn(level, part) ? level[part] : undefined
      if (!isMap(next)) break
      level = next
      merged = withLevel(merged, level)
    }
    return merged
  }
}

function plainKeys(config: Config): Config {
  return withKeys(config, (key) => key.replace(/^\+\s*/, ''))
}

/**
 * What the calls of config() in a file declare. Those after the first add to it by the rules above; what only one
 * says stays as it is written. Hooks are called pre-hook and post-hook then, as in dbt.
 */
export function joinCalls(before: Config, values: Config): Config {
  const known = withKeys(before, configKey)
  const joined = Object.keys(known).length === 0 ? withKeys(values, configKey) : mergeConfig(known, values)
  return withKeys(joined, (key) => hookNames.get(key) ?? key)
}

function withKeys(config: Config, rename: (key: string) => string): Config {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [rename(key), value]))
}

const hookNames: ReadonlyMap<string, string> = new Map([
  ['pre_hook', 'pre-hook'],
  ['post_hook', 'post-hook'],
])

/** `nearer` over `base`, by the rules above. */
export function mergeConfig(base: Config, nearer: Config): Config {
  const merged: Record<string, unknown> = { ...base }
  for (const rawKey in nearer) {
    const key = configKey(rawKey)
    merged[key] = mergedValue(key, merged[key], nearer[rawKey])
  }
  return merged
}

function mergedValue(key: string, before: unknown, value: unknown): unknown {
  if (additive.has(key)) return [...asList(before), ...asList(value)]
  if (key === 'grants' && isMap(value)) return mergeGrants(isMap(before) ? before : {}, value)
  if (merging.has(key) && isMap(before) && isMap(value)) return { ...before, ...value }
  return value
}

/** Whom a privilege is granted to is replaced, or with a `+` in front of the privilege extended. */
function mergeGrants(before: Config, nearer: Config): Config {
  const merged: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(nearer)) {
    const privilege = key.replace(/^\+/, '')
    const kept = key === privilege ? [] : asList(merged[privilege])
    merged[privilege] = [...kept, ...asList(value)]
  }
  return merged
}

/** A single value stands for a list of one. */
export function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

/** `asList` for values that are text, such as tags. */
export function asStrings(value: unknown): readonly string[] {
  return asList(value).map(String)
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof WholeFloat)
  )
}

function ownValues(level: Config): Config {
  return Object.fromEntries(
    Object.entries(level).filter(([key, value]) => key.startsWith('+') || !isMap(value)),
  )
}
