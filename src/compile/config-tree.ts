/*
 * Configuration comes from several places; the nearer one wins: project.yml along the folders, the node's YAML,
 * config() in the file. Lists of tags add up, meta merges, everything else replaces.
 */

export type Config = Readonly<Record<string, unknown>>

/** Keys whose values add up instead of replacing each other. */
const additive = new Set(['tags', 'pre_hook', 'post_hook'])

/** One spelling for a key: `+pre-hook`, `pre-hook` and `pre_hook` are the same. */
export function configKey(key: string): string {
  return key.replace(/^\+/, '').replaceAll('-', '_')
}

/**
 * What a config tree of project.yml says for a node: the values met while walking down its fqn
 * (package, folders, name), the deepest last. A key is a value when it starts with `+` or does not hold a map;
 * otherwise it names a folder.
 */
export function configAlong(tree: Config, fqn: readonly string[]): Config {
  let merged: Config = ownValues(tree)
  let level: unknown = tree
  for (const part of fqn) {
    level = isMap(level) ? level[part] : undefined
    if (!isMap(level)) break
    merged = mergeConfig(merged, ownValues(level))
  }
  return merged
}

/** `nearer` over `base`, by the rules above. */
export function mergeConfig(base: Config, nearer: Config): Config {
  const merged: Record<string, unknown> = { ...base }
  for (const [rawKey, value] of Object.entries(nearer)) {
    const key = configKey(rawKey)
    const before = merged[key]
    if (additive.has(key)) merged[key] = [...asList(before), ...asList(value)]
    else if ((key === 'meta' || key === 'column_types') && isMap(before) && isMap(value))
      merged[key] = { ...before, ...value }
    else merged[key] = value
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
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function ownValues(level: Config): Config {
  const entries = Object.entries(level).filter(([key, value]) => key.startsWith('+') || !isMap(value))
  return mergeConfig({}, Object.fromEntries(entries))
}
