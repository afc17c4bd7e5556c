import { differs, type Entry, part } from './entry-values.ts'

/*
 * Configuration is compared as it was written, with its templates: what a template makes of it differs from target
 * to target and is no change. Where one of the manifests knows only what came out, that counts: a key has changed
 * when it was written differently and means something different.
 */

/** Keys that are compared elsewhere, or are no change to what is built. */
const ignored = new Set(['alias', 'schema', 'database', 'tags', 'group'])
/** Keys that YAML may also say outside `config:`, so that only what they mean can be compared. */
const saidElsewhere = new Set(['meta', 'docs', 'access', 'description'])
/** All that matters to what a test finds. */
const testKeys = [
  'severity',
  'where',
  'limit',
  'fail_calc',
  'warn_if',
  'error_if',
  'store_failures',
  'store_failures_as',
]

/** Whether the configuration differs. */
export function changedConfig(current: Entry, previous: Entry): boolean {
  const now = written(current)
  const before = written(previous)
  const keys =
    current['resource_type'] === 'test' ? testKeys : new Set([...Object.keys(now), ...Object.keys(before)])
  return [...keys].some((key) => !ignored.has(key) && changedKey(key, current, previous))
}

/** Whether schema, name or database were set to something else. */
export function changedRelation(current: Entry, previous: Entry): boolean {
  return ['database', 'schema', 'alias'].some((key) => changedKey(key, current, previous))
}

function changedKey(key: string, current: Entry, previous: Entry): boolean {
  const meansOther = differs(effective(current, key), effective(previous, key))
  if (saidElsewhere.has(key)) return meansOther
  const now = written(current)[key]
  const before = written(previous)[key]
  if (!differs(now, before)) return false
  // Ours may hold what a template came to, where dbt's has the template.
  return meansOther
}

/** What was written, under one spelling of each key. */
function written(entry: Entry): Entry {
  return Object.fromEntries(
    Object.entries(part(entry, 'unrendered_config')).map(([key, value]) => [
      spelled(key),
      meantBy(key, value),
    ]),
  )
}

function effective(entry: Entry, key: string): unknown {
  const config = part(entry, 'config')
  const value = config[key] ?? config[key.replaceAll('_', '-')]
  return meantBy(key, value)
}

function spelled(key: string): string {
  return key.replace(/^\+/, '').replaceAll('-', '_')
}

/** Hooks are text, or mappings with it; severity has no case; a list of one is that one. */
function meantBy(key: string, value: unknown): unknown {
  if (/^\+?(pre|post)[-_]hook$/.test(key)) return [value].flat().flatMap((hook) => hookText(hook) ?? [])
  if (key === 'severity' && typeof value === 'string') return value.toLowerCase()
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

function hookText(hook: unknown): unknown {
  if (typeof hook !== 'object' || hook === null) return hook
  return (hook as Entry)['sql']
}
