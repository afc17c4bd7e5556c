import { defaultConfig } from '../../core/default-config.ts'
import { extended } from '../../core/extended.ts'
import type { Node } from '../../core/node.ts'
import { plainJson, plainObject } from './plain-json.ts'

/*
 * The config of a node as dbt writes it. What people wrote is kept, but a key that dbt gives a meaning is kept
 * only with a value of the type that dbt's schema asks for: one odd value would make readers refuse the file.
 */

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isFlag: Check = (value) => typeof value === 'boolean'
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const isNever: Check = () => false
const isOneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    isText(value) && allowed.includes(value as string)

const checks: Readonly<Record<string, Check>> = {
  access: isOneOf('private', 'protected', 'public'),
  alias: isText,
  column_types: isObject,
  contract: isNever,
  database: isText,
  delimiter: isText,
  enabled: isFlag,
  error_if: isText,
  fail_calc: isText,
  freshness: isNever,
  full_refresh: isFlag,
  grants: isObject,
  group: isText,
  incremental_strategy: isText,
  latest_version_pointer: isNever,
  limit: (value) => Number.isInteger(value),
  loaded_at_field: isText,
  loaded_at_query: isText,
  materialized: isText,
  on_configuration_change: isOneOf('apply', 'continue', 'fail'),
  on_error: isOneOf('skip_children', 'continue'),
  on_schema_change: isText,
  packages: isTexts,
  persist_docs: isObject,
  quote_columns: isFlag,
  quoting: isObject,
  schema: isText,
  severity: isText,
  static_analysis: isText,
  store_failures: isFlag,
  store_failures_as: isText,
  unique_key: (value) => isText(value) || isTexts(value),
  warn_if: isText,
  where: isText,
}

/** What is written below in a form of its own. */
const hookKeys: ReadonlySet<string> = new Set(['docs', 'pre_hook', 'post_hook', 'pre-hook', 'post-hook'])

/** What is said of a source beside its config, though it is found along the same ways. */
const besideConfig: ReadonlySet<string> = new Set(['loader', 'database', 'schema', 'quoting', 'external'])

/** A node's config: what was set for it, and over it what we made of that. */
export function nodeConfig(
  node: Node,
  decided: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { docs, pre_hook, post_hook, 'pre-hook': preHook, 'post-hook': postHook } = node.config
  const kept = Object.entries(node.config).filter(
    ([key, value]) =>
      !hookKeys.has(key) &&
      (checks[key] ?? (() => true))(value) &&
      !(node.resourceType === 'source' && besideConfig.has(key)),
  )
  const hooks = {
    'pre-hook': hookList(preHook ?? pre_hook),
    'post-hook': hookList(postHook ?? post_hook),
  }
  const runsHooks = hooks['pre-hook'].length + hooks['post-hook'].length > 0
  const own = {
    ...(isObject(docs) && { docs: nodeDocs(node) }),
    ...(runsHooks && hooks),
    enabled: node.config['enabled'] !== false,
    tags: ownTags(node),
    meta: plainObject(node.meta),
  }
  return extended(
    { ...defaultConfig(node.resourceType) },
    plainObject(Object.fromEntries(kept)),
    own,
    decided,
  )
}

/** The key as it is written, one column in a list also in a list. */
export function writtenKey({ config }: Pick<Node, 'config'>): unknown {
  const { unique_key: key } = config
  return checks['unique_key']!(key) ? key : undefined
}

const declared: ReadonlySet<string> = new Set([
  'source',
  'exposure',
  'metric',
  'semantic_model',
  'saved_query',
])

/**
 * As written, one twice where it is written twice; of what YAML alone declares dbt writes each once. A test has the tags
 * of its column and source too, but they are not its config.
 */
function ownTags(node: Node): readonly unknown[] {
  return declared.has(node.resourceType) ? node.tags : [node.config['tags'] ?? []].flat()
}

/** Whether and in which colour a node is drawn in dbt's documentation. */
export function nodeDocs({ config: { docs } }: Pick<Node, 'config'>): Readonly<Record<string, unknown>> {
  const { show, node_color: color } = isObject(docs) ? (docs as Record<string, unknown>) : {}
  return { show: show !== false, node_color: isText(color) ? color : null }
}

/** Hooks are written as text, as `{sql, transaction}`, or as a list of both. */
function hookList(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list = Array.isArray(value) ? value : [value]
  return list.flatMap((hook) => {
    if (isText(hook)) return [{ sql: hook, transaction: true, index: null }]
    const { sql, transaction } = isObject(hook) ? (hook as Record<string, unknown>) : {}
    return isText(sql) ? [{ sql: plainJson(sql), transaction: transaction !== false, index: null }] : []
  })
}
