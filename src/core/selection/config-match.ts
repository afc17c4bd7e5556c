import { defaultConfig } from '../default-config.ts'
import type { Node } from '../node.ts'

/** A test for nodes whose config holds the value under the dotted key; a list holds its members. */
export function configMatch(path: readonly string[], value: string): (node: Node) => boolean {
  const isSeverity = path.length === 1 && path[0] === 'severity'
  return (node) => {
    const found = path.reduce<unknown>(member, effectiveConfig(node))
    return Array.isArray(found)
      ? found.some((entry) => equals(entry, value, isSeverity))
      : equals(found, value, isSeverity)
  }
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

/** Booleans ignore case, as `True` in Python and `true` in YAML are the same; so does a severity. */
function equals(found: unknown, value: string, ignoreCase: boolean): boolean {
  if (typeof found === 'boolean') return value.toLowerCase() === String(found)
  if (typeof found === 'number') return value === String(found)
  if (typeof found !== 'string') return false
  return ignoreCase ? found.toLowerCase() === value.toLowerCase() : found === value
}

/** What is set for the node, with the values that stand where nothing is set. */
function effectiveConfig(node: Node): Readonly<Record<string, unknown>> {
  const base = {
    ...defaultConfig(node.resourceType),
    ...node.config,
    tags: node.resourceType === 'test' ? (node.config['tags'] ?? []) : node.tags,
    meta: node.meta,
  }
  switch (node.resourceType) {
    case 'model':
      return {
        ...base,
        materialized: node.materialized,
        on_schema_change: node.onSchemaChange,
        unique_key: node.uniqueKey,
        full_refresh: node.fullRefresh,
        unlogged: node.unlogged,
        access: node.access,
        contract: { enforced: node.contractEnforced },
      }
    case 'test':
      return {
        ...base,
        materialized: 'test',
        severity: node.severity,
        error_if: node.errorIf,
        warn_if: node.warnIf,
        limit: node.limit,
        where: node.where,
      }
    case 'seed':
      return { ...base, materialized: 'seed', delimiter: node.delimiter, column_types: node.columnTypes }
    case 'snapshot':
      return {
        ...base,
        materialized: 'snapshot',
        strategy: node.spec.strategy,
        unique_key: node.spec.uniqueKey,
      }
    case 'source':
    case 'load':
    case 'job':
    case 'job_table':
    case 'exposure':
    case 'analysis':
    case 'function':
    case 'unit_test':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return base
  }
}
