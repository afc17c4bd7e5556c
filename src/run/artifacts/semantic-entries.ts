import {
  type MetricNode,
  type Node,
  relationOf,
  type SavedQueryNode,
  type SemanticModelNode,
} from '../../core/node.ts'
import { type ArtifactScope, relationName } from './artifact-scope.ts'
import { pathBelowFolder } from './declared-entries.ts'
import { type Entry, identity, parentIds, reads } from './entry-parts.ts'
import { filters, isObject, metricParams } from './metric-params.ts'
import { nodeConfig } from './node-config.ts'
import { plainObject } from './plain-json.ts'

/*
 * Entries of the manifest for what a semantic layer reads: metrics, semantic models and saved queries.
 */

/** A metric, with what its YAML says. */
export function metricEntry(node: MetricNode, scope: ArtifactScope): Entry {
  const { type, filter, time_granularity: granularity } = node.spec
  // In the newer spelling tags and meta are config and nothing else.
  const isFlat = isObject(node.spec['type_params']) && 'is_private' in node.spec['type_params']
  const tags = isFlat && node.config['tags'] !== undefined ? { tags: node.tags } : {}
  return {
    ...semanticIdentity(node, scope),
    ...reads(node, scope),
    depends_on: { macros: [], nodes: parentIds(node, scope) },
    label: node.label ?? node.name,
    type: typeof type === 'string' ? type : 'simple',
    type_params: metricParams(node, scope),
    filter: filters(filter),
    metadata: null,
    time_granularity: granularity ?? null,
    meta: isFlat ? {} : plainObject(node.meta),
    tags: isFlat ? [] : node.tags,
    config: { ...semanticConfig(node), ...tags },
  }
}

/** A semantic model, with where its model stands. */
export function semanticModelEntry(node: SemanticModelNode, scope: ArtifactScope): Entry {
  const { spec } = node
  const model = scope.parentsOf(node).find((parent) => relationOf(parent) !== null)
  const relation = model && relationOf(model)!
  const { database } = scope.options.target
  const { tags: _tags, meta: _meta, ...base } = semanticIdentity(node, scope)
  const meta = plainObject(node.meta)
  return {
    ...base,
    // That of a model is a text, be it an empty one.
    description: node.description || (spec['description'] ?? null),
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
    entities: parts(spec['entities'], entityKeys, meta),
    measures: parts(spec['measures'], measureKeys, meta).map((measure) => ({
      ...measure,
      // A measure that asks for a metric has got it, which stands among the metrics.
      create_metric: false,
    })),
    dimensions: parts(spec['dimensions'], dimensionKeys, meta).map((dimension) => ({
      ...dimension,
      is_partition: dimension['is_partition'] === true,
      type_params: dimensionParams(dimension['type_params']),
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
const dimensionKeys = [
  'name',
  'type',
  'description',
  'label',
  'is_partition',
  'type_params',
  'expr',
  'metadata',
]

/** The members of a list with the keys that dbt knows, all of them, and with the meta of the whole. */
function parts(list: unknown, keys: readonly string[], meta: Entry): Entry[] {
  return (Array.isArray(list) ? list : []).filter(isObject).map((member) => {
    const plain = plainObject(member)
    const known = Object.fromEntries(keys.map((key) => [key, partValue(key, plain[key])]))
    const config = isObject(plain['config']) ? plain['config'] : {}
    return { ...known, config: { meta: { ...meta, ...(isObject(config['meta']) && config['meta']) } } }
  })
}

/** An expression is SQL, also where YAML takes it for a number. */
function partValue(key: string, value: unknown): unknown {
  if (value === undefined || value === null) return null
  return key === 'expr' ? String(value) : value
}

/** The grain of a dimension, and which end of a time it is where it is one. */
function dimensionParams(value: unknown): Entry | null {
  if (!isObject(value)) return null
  const { validity_params: validity } = value
  const ends = isObject(validity)
    ? { is_start: validity['is_start'] === true, is_end: validity['is_end'] === true }
    : null
  return { time_granularity: value['time_granularity'] ?? null, validity_params: ends }
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
          alias: config['alias'] ?? String(entry['name']),
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
  return { ...identity(node, scope), path: pathBelowFolder(node as Node), group: node.group ?? null }
}

/** Tags of what a semantic layer reads stand beside its config and not in it. */
function semanticConfig(node: SemanticNode): Entry {
  const { tags: _tags, ...config } = nodeConfig(node, { group: node.group ?? null })
  return config
}
