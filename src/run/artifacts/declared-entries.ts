import { functionData } from '../../compile/context/node-value.ts'
import {
  type AnalysisNode,
  type FunctionNode,
  type MetricNode,
  type Node,
  relationOf,
  type SavedQueryNode,
  type SemanticModelNode,
  type SnapshotNode,
  type UnitTestNode,
} from '../../core/node.ts'
import type { FixtureRows } from '../../core/unit-test-spec.ts'
import { type ArtifactScope, relationName } from './artifact-scope.ts'
import { checksum, type Entry, identity, parentIds, queryEntry, reads, tableEntry } from './entry-parts.ts'
import { nodeConfig } from './node-config.ts'
import { plainObject } from './plain-json.ts'
import { fullRowFirst, unitTestChecksum } from './unit-test-checksum.ts'

/*
 * Entries of the manifest for snapshots, analyses and unit tests, and for what a semantic layer reads.
 */

const noContract = { enforced: false, alias_types: true, checksum: null } as const

/** A snapshot. */
export function snapshotEntry(node: SnapshotNode, scope: ArtifactScope): Entry {
  const { spec } = node
  const { validFrom, validTo, scdId, updatedAt, isDeleted } = spec.metaColumns
  const written = node.config['snapshot_meta_column_names']
  const names = {
    dbt_valid_to: validTo,
    dbt_valid_from: validFrom,
    dbt_scd_id: scdId,
    dbt_updated_at: updatedAt,
    dbt_is_deleted: isDeleted,
  }
  return {
    ...tableEntry(node, scope, node.relation),
    ...queryEntry(node, scope),
    group: node.group ?? null,
    contract: noContract,
    checksum: checksum(node.checksum),
    raw_code: node.rawCode,
    config: nodeConfig(node, {
      materialized: 'snapshot',
      strategy: spec.strategy,
      unique_key: spec.uniqueKey.length > 1 ? spec.uniqueKey : (spec.uniqueKey[0] ?? null),
      updated_at: spec.updatedAt ?? null,
      check_cols: spec.strategy === 'check' ? spec.checkCols : null,
      // Names that nobody chose are the usual ones, which is said by saying nothing.
      ...(written !== undefined && { snapshot_meta_column_names: names }),
      dbt_valid_to_current: spec.validToCurrent ?? null,
      ...(spec.hardDeletes !== 'ignore' && { hard_deletes: spec.hardDeletes }),
    }),
  }
}

/** An analysis: compiled, and never a relation. */
export function analysisEntry(node: AnalysisNode, scope: ArtifactScope): Entry {
  return {
    ...tableEntry(node, scope, { schema: scope.options.target.schema, identifier: node.name }),
    ...queryEntry(node, scope),
    group: null,
    contract: noContract,
    checksum: checksum(node.checksum),
    raw_code: node.rawCode.trim(),
    config: nodeConfig(node, {}),
  }
}

/** A function of the database, with what goes in and what comes out. */
export function functionEntry(node: FunctionNode, scope: ArtifactScope): Entry {
  return {
    ...tableEntry(node, scope, node.relation),
    ...queryEntry(node, scope),
    ...functionData(node),
    relation_name: relationName(node, node.relation, scope.manifest, scope.options),
    group: node.group ?? null,
    contract: noContract,
    checksum: checksum(node.checksum),
    raw_code: node.rawCode.trim(),
    config: nodeConfig(node, { materialized: 'function', volatility: node.volatility ?? null }),
  }
}

/** A unit test, with its rows as they are written. */
export function unitTestEntry(node: UnitTestNode, scope: ArtifactScope): Entry {
  const { unrendered_config: _config, meta: _meta, tags: _tags, ...base } = identity(node, scope)
  const { macros, vars, envVars } = node.overrides
  return {
    ...base,
    path: pathBelowFolder(node),
    model: node.model,
    given: node.given.map(({ input, rows }) => ({ input, ...fixture(rows) })),
    expect: fixture(node.expect),
    overrides: [macros, vars, envVars].some((values) => Object.keys(values).length > 0)
      ? { macros: plainObject(macros), vars: plainObject(vars), env_vars: plainObject(envVars) }
      : null,
    depends_on: { macros: [], nodes: parentIds(node, scope) },
    config: nodeConfig(node, {}),
    checksum: unitTestChecksum(node),
    schema: scope.options.target.schema,
    versions: node.versions
      ? { include: node.versions.include ?? null, exclude: node.versions.exclude ?? null }
      : null,
    version: node.version ?? null,
  }
}

function fixture(rows: FixtureRows): Entry {
  const { format, fixture = null } = rows
  switch (rows.kind) {
    case 'rows':
      return { rows: fullRowFirst(rows.rows).map(plainObject), format, fixture }
    case 'sql':
      return { rows: rows.sql, format, fixture }
    case 'seed':
      return { rows: null, format, fixture }
  }
}

/** A metric, with what its YAML says. */
export function metricEntry(node: MetricNode, scope: ArtifactScope): Entry {
  const { type, type_params: params, filter, time_granularity: granularity } = node.spec
  return {
    ...semanticIdentity(node, scope),
    ...reads(node, scope),
    depends_on: { macros: [], nodes: parentIds(node, scope) },
    label: node.label ?? node.name,
    type: typeof type === 'string' ? type : 'simple',
    type_params: metricParams(params),
    filter: filters(filter),
    metadata: null,
    time_granularity: granularity ?? null,
    meta: plainObject(node.meta),
    tags: node.tags,
    config: semanticConfig(node),
  }
}

/** A measure or metric that is named alone stands for an object with its name. */
function metricParams(value: unknown): Entry {
  const params = isObject(value) ? (withWindows(plainObject(value)) as Entry) : {}
  const named = (entry: unknown) => (typeof entry === 'string' ? { name: entry } : (entry ?? null))
  const measure = measureOf(named(params['measure']))
  return {
    ...params,
    measure,
    input_measures: measure === null ? [] : [measure],
    numerator: named(params['numerator']),
    denominator: named(params['denominator']),
    metrics: Array.isArray(params['metrics']) ? params['metrics'].map(named) : [],
    window: params['window'] ?? null,
  }
}

function measureOf(value: unknown): Entry | null {
  if (!isObject(value)) return null
  const usual = { filter: null, alias: null, join_to_timespine: false, fill_nulls_with: null }
  return { name: value['name'], ...usual, ...value }
}

/** Windows of time, wherever they stand, as a number and what is counted: `7 days`. */
function withWindows(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withWindows)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'window' || key === 'offset_window' ? timeWindow(inner) : withWindows(inner),
    ]),
  )
}

function timeWindow(value: unknown): unknown {
  const match = typeof value === 'string' ? /^(\d+)\s+(\w+)$/.exec(value.trim()) : null
  return match ? { count: Number(match[1]), granularity: match[2] } : value
}

function filters(value: unknown): Entry | null {
  if (value === undefined || value === null) return null
  return { where_filters: [value].flat().map((text) => ({ where_sql_template: String(text) })) }
}

/** A semantic model, with where its model stands. */
export function semanticModelEntry(node: SemanticModelNode, scope: ArtifactScope): Entry {
  const { spec } = node
  const model = scope.parentsOf(node).find((parent) => relationOf(parent) !== null)
  const relation = model && relationOf(model)!
  const { database } = scope.options.target
  const { tags: _tags, meta: _meta, ...base } = semanticIdentity(node, scope)
  return {
    ...base,
    description: node.description || null,
    model: String(spec['model'] ?? ''),
    node_relation: relation
      ? {
          alias: relation.identifier,
          schema_name: relation.schema,
          database,
          relation_name: relationName(model!, relation, scope.manifest, scope.options),
        }
      : null,
    label: node.label ?? null,
    defaults: isObject(spec['defaults']) ? plainObject(spec['defaults']) : null,
    entities: parts(spec['entities'], entityKeys),
    measures: parts(spec['measures'], measureKeys).map((measure) => ({
      ...measure,
      // A measure that asks for a metric has got it, which stands among the metrics.
      create_metric: false,
    })),
    dimensions: parts(spec['dimensions'], dimensionKeys).map((dimension) => ({
      ...dimension,
      is_partition: dimension['is_partition'] === true,
    })),
    metadata: null,
    depends_on: { macros: [], nodes: parentIds(node, scope) },
    refs: reads(node, scope)['refs'],
    config: semanticConfig(node),
    primary_entity: spec['primary_entity'] ?? null,
  }
}

const entityKeys = ['name', 'type', 'description', 'label', 'role', 'expr']
const measureKeys = [
  'name',
  'agg',
  'description',
  'label',
  'create_metric',
  'expr',
  'agg_params',
  'non_additive_dimension',
  'agg_time_dimension',
]
const dimensionKeys = ['name', 'type', 'description', 'label', 'is_partition', 'type_params', 'expr']

/** The members of a list with the keys that dbt knows, all of them. */
function parts(list: unknown, keys: readonly string[]): Entry[] {
  return (Array.isArray(list) ? list : []).filter(isObject).map((member) => {
    const plain = plainObject(member)
    const known = Object.fromEntries(keys.map((key) => [key, partValue(key, plain[key])]))
    const config = isObject(plain['config']) ? plain['config'] : {}
    return { ...known, config: { meta: isObject(config['meta']) ? config['meta'] : {} } }
  })
}

/** An expression is SQL, also where YAML takes it for a number. */
function partValue(key: string, value: unknown): unknown {
  if (value === undefined || value === null) return null
  return key === 'expr' ? String(value) : value
}

/** A saved query, with what it exports. */
export function savedQueryEntry(node: SavedQueryNode, scope: ArtifactScope): Entry {
  const { spec } = node
  const params = isObject(spec['query_params']) ? plainObject(spec['query_params']) : {}
  const { meta: _meta, ...base } = semanticIdentity(node, scope)
  return {
    ...base,
    description: node.description || null,
    query_params: {
      metrics: params['metrics'] ?? [],
      group_by: params['group_by'] ?? [],
      where: filters(params['where']),
      order_by: params['order_by'] ?? [],
      limit: params['limit'] ?? null,
    },
    exports: (Array.isArray(spec['exports']) ? spec['exports'] : []).filter(isObject).map((entry) => {
      const config = isObject(entry['config']) ? plainObject(entry['config']) : {}
      const { schema, database } = scope.options.target
      return {
        name: String(entry['name']),
        config: {
          export_as: config['export_as'] ?? 'table',
          schema_name: config['schema'] ?? schema,
          alias: config['alias'] ?? null,
          database: config['database'] ?? database,
        },
        unrendered_config: config,
      }
    }),
    label: node.label ?? null,
    metadata: null,
    depends_on: { macros: [], nodes: parentIds(node, scope) },
    refs: [],
    config: semanticConfig(node),
  }
}

type SemanticNode = MetricNode | SemanticModelNode | SavedQueryNode

function semanticIdentity(node: SemanticNode, scope: ArtifactScope) {
  return { ...identity(node, scope), path: pathBelowFolder(node), group: node.group ?? null }
}

/** Tags of what a semantic layer reads stand beside its config and not in it. */
function semanticConfig(node: SemanticNode): Entry {
  const { tags: _tags, ...config } = nodeConfig(node, { group: node.group ?? null })
  return config
}

/** The YAML file below the folder that holds it. */
function pathBelowFolder({ path }: Node): string {
  return path.slice(path.indexOf('/') + 1)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
