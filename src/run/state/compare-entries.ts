import type { NodeChange, NodeComparison } from '../../core/selection/index.ts'
import { changedConfig, changedRelation } from './compare-config.ts'
import { changedContract } from './compare-contract.ts'
import { differs, type Entry, hasPart, part, pruned } from './entry-values.ts'

/*
 * Whether a node is what it was, by its entries in two manifests: ours and ours, or ours and dbt's. What counts as a
 * change is dbt's rule. The two may have been written by different programs, for different targets, at different
 * times, so only what somebody wrote is compared, and never what a program made of it.
 */

/** Compares a node's entry with the earlier one; null where there is none. */
export function compareEntries(
  current: Entry,
  previous: Entry | null,
  macrosChanged: boolean,
): NodeComparison {
  const sides = sidesOf(String(current['resource_type']))
  if (previous === null) {
    const changes = Object.keys(sides.changes) as NodeChange[]
    const all = changes.filter((change) => change !== 'macros' || macrosChanged)
    return { isNew: true, isModified: true, changes: new Set(all) }
  }
  const changes = new Set<NodeChange>()
  for (const [change, hasChanged] of Object.entries(sides.changes))
    if (change === 'macros' ? macrosChanged : hasChanged(current, previous)) changes.add(change as NodeChange)
  const isModified = changes.size > 0 || sides.others.some((hasChanged) => hasChanged(current, previous))
  return { isNew: false, isModified, changes }
}

type HasChanged = (current: Entry, previous: Entry) => boolean

interface Sides {
  /** What `state:modified.<change>` asks for. */
  readonly changes: Readonly<Partial<Record<NodeChange, HasChanged>>>
  /** What makes a node modified besides. */
  readonly others: readonly HasChanged[]
}

const macros: HasChanged = () => false
const changed =
  (...keys: readonly string[]): HasChanged =>
  (current, previous) =>
    keys.some((key) => differs(trimmed(current[key]), trimmed(previous[key])))

/** A block of text in YAML ends in a line break, which not every reader keeps. */
function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value
}

const anyQuery: Sides['changes'] = {
  body: changedBody,
  configs: changedConfig,
  persisted_descriptions: changedDescriptions,
  relation: changedRelation,
  macros,
}

function sidesOf(resourceType: string): Sides {
  return (
    sides[resourceType] ?? {
      changes: anyQuery,
      others: [changed('fqn')],
    }
  )
}

const sides: Readonly<Record<string, Sides>> = {
  model: {
    changes: { ...anyQuery, contract: changedContract },
    others: [changed('fqn', 'latest_version', 'access', 'deprecation_date')],
  },
  seed: { changes: { ...anyQuery, body: changedSeed }, others: [changed('fqn')] },
  test: {
    // What a generic test checks is in its id; what a singular one checks is its body.
    changes: { body: changedBody, configs: changedConfig, macros },
    others: [changed('fqn')],
  },
  source: {
    changes: { configs: changedConfig, relation: changedSourceRelation },
    others: [changed('fqn', 'quoting', 'freshness', 'loaded_at_field', 'external')],
  },
  exposure: {
    changes: { configs: changedConfig },
    others: [changed('fqn', 'type', 'owner', 'maturity', 'url', 'description', 'label'), changedParents],
  },
  metric: { changes: { configs: changedConfig }, others: [changed('type', 'description', 'label')] },
  semantic_model: {
    changes: { configs: changedConfig },
    others: [
      changed('model', 'description', 'defaults', 'primary_entity', 'group'),
      ...['entities', 'dimensions', 'measures'].map(changedList),
    ],
  },
  saved_query: {
    changes: { configs: changedConfig },
    others: [changed('query_params', 'description', 'label', 'group')],
  },
  function: {
    changes: anyQuery,
    others: [changed('fqn', 'arguments', 'returns'), changedOverloads],
  },
  unit_test: {
    changes: {},
    others: [changed('model', 'versions', 'overrides'), changedRows],
  },
}

/**
 * Line ends and what surrounds the text mean nothing. For our own kinds the declaration is the body; a generic test
 * has no more of its own than its config.
 */
function changedBody(current: Entry, previous: Entry): boolean {
  if (hasPart(current, 'test_metadata')) return changedConfig(current, previous)
  if (hasPart(current, 'meta', 'estimand', 'kind')) return differs(current['checksum'], previous['checksum'])
  return textOf(current['raw_code']) !== textOf(previous['raw_code'])
}

function textOf(code: unknown): string {
  return String(code ?? '')
    .replaceAll('\r\n', '\n')
    .trim()
}

/** What an overload is called with and does; its description changes no SQL. */
function changedOverloads(current: Entry, previous: Entry): boolean {
  const saying = ({ overloads }: Entry) =>
    ((overloads ?? []) as readonly Entry[]).map(({ defined_in, arguments: args, returns, raw_body }) => ({
      ...{ defined_in, args, returns },
      body: textOf(raw_body),
    }))
  return differs(saying(current), saying(previous))
}

/** dbt knows a seed of more than a megabyte by its path alone. */
function changedSeed(current: Entry, previous: Entry): boolean {
  const before = part(previous, 'checksum')
  if (before['name'] === 'path') {
    const path = String(current['original_file_path'])
    return !String(before['checksum']).replaceAll('\\', '/').endsWith(path)
  }
  return part(current, 'checksum')['checksum'] !== before['checksum']
}

/** Descriptions matter where they are written into the database. */
function changedDescriptions(current: Entry, previous: Entry): boolean {
  const persisted = part(current, 'config', 'persist_docs')
  if (persisted['relation'] && changed('description')(current, previous)) return true
  return Boolean(persisted['columns']) && differs(columnDescriptions(current), columnDescriptions(previous))
}

function columnDescriptions(entry: Entry): Entry {
  return Object.fromEntries(
    Object.entries(part(entry, 'columns')).map(([name, column]) => [name, (column as Entry)['description']]),
  )
}

/** The database is that of the target, unless the source names one. */
function changedSourceRelation(current: Entry, previous: Entry): boolean {
  return changed('schema', 'identifier')(current, previous)
}

/** Rows of a unit test, whichever way they are written. */
function changedRows(current: Entry, previous: Entry): boolean {
  const fixture = (written: unknown) => {
    const { input, rows } = (written ?? {}) as Entry
    return { input, rows: Array.isArray(rows) ? rows.map(asTexts) : rows }
  }
  const rows = ({ given, expect }: Entry) => ({
    given: ((given ?? []) as readonly unknown[]).map(fixture),
    expect: fixture(expect),
  })
  return differs(rows(current), rows(previous))
}

function asTexts(row: unknown): unknown {
  const entries = Object.entries((row ?? {}) as Entry)
  return Object.fromEntries(entries.map(([name, value]) => [name, value === null ? null : String(value)]))
}

function changedParents(current: Entry, previous: Entry): boolean {
  const parents = (entry: Entry) => [...((part(entry, 'depends_on')['nodes'] ?? []) as string[])].sort()
  return differs(parents(current), parents(previous))
}

/** Entities, dimensions and measures, by what they have been given. */
function changedList(key: string): HasChanged {
  const list = (entry: Entry) => pruned(entry[key] ?? [])
  return (current, previous) => differs(list(current), list(previous))
}
