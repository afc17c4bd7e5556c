import { defaultConfig } from '../../core/default-config.ts'
import type { Manifest, Target } from '../../core/manifest.ts'
import type { ColumnInfo, Node, Relation, ResourceType, SourceNode } from '../../core/node.ts'
import { isMap } from '../config-tree.ts'
import { Dict, fromJs, type Value } from '../dialect/index.ts'
import { quoted } from '../quoting.ts'
import { renderRelation } from './relation-value.ts'

/*
 * Nodes as templates see them, in `model` and `graph`: dbt's dictionaries, as in its manifest.
 */

/** A node as a dictionary of dbt's. */
export function nodeData(node: Node, manifest: Manifest, target: Target): Record<string, unknown> {
  const relation = relationOf(node)
  const parents = node.dependsOn.flatMap((id) => manifest.nodes[id] ?? [])
  const { tags, meta, fqn, description, name } = node
  return {
    database: target.database,
    ...(relation && { schema: relation.schema }),
    name,
    resource_type: node.resourceType,
    package_name: node.package,
    path: pathInKind(node.path),
    original_file_path: node.path,
    unique_id: node.id,
    fqn,
    alias: relation?.identifier ?? name,
    ...(relation && {
      identifier: relation.identifier,
      relation_name: renderRelation({
        database: target.database,
        ...relation,
        ...quoted(node, manifest.quoting, { database: target.database, ...relation }),
      }),
    }),
    checksum: { name: 'sha256', checksum: 'checksum' in node ? node.checksum : '' },
    config: nodeConfig(node),
    tags,
    meta,
    description,
    columns: Object.fromEntries(node.columns.map((column) => [column.name, columnData(column)])),
    docs: { show: true, node_color: null },
    patch_path: node.patchPath === undefined ? null : `${node.package}://${node.patchPath}`,
    depends_on: { macros: testMacros(node, manifest), nodes: node.dependsOn },
    refs: parents
      .filter(({ resourceType }) => ['model', 'seed', 'snapshot', 'job'].includes(resourceType))
      .map((parent) => ({ name: parent.name, package: null, version: null })),
    sources: parents.flatMap((parent) =>
      parent.resourceType === 'source' ? [[parent.sourceName, parent.name]] : [],
    ),
    metrics: [],
    functions: [],
    language: 'sql',
    raw_code: 'rawCode' in node ? node.rawCode.trim() : '',
    group: 'group' in node ? (node.group ?? null) : null,
    build_path: null,
    compiled_path: null,
    created_at: 0,
    doc_blocks: [],
    extra_ctes: [],
    extra_ctes_injected: true,
    unrendered_config: node.config,
    ...ofKind(node),
  }
}

/** The same without what is none, as `model` shows a node. */
export function modelData(node: Node, manifest: Manifest, target: Target): Record<string, unknown> {
  const { config, ...data } = nodeData(node, manifest, target)
  return { ...withoutNulls(data), config: withoutNulls(config as Record<string, unknown>) }
}

function withoutNulls(data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null))
}

/** What only nodes of its kind have. */
function ofKind(node: Node): Record<string, unknown> {
  switch (node.resourceType) {
    case 'model':
      return {
        access: node.access,
        deprecation_date: node.deprecationDate ?? null,
        primary_key: [],
        time_spine: null,
        version: node.version ?? null,
        latest_version: node.latestVersion ?? null,
        constraints: node.constraints,
        contract: { enforced: node.contractEnforced, alias_types: true, checksum: null },
      }
    case 'source':
      return {
        source_name: node.sourceName,
        source_description: node.sourceDescription,
        loader: node.loader ?? '',
        loaded_at_field: node.loadedAtField ?? null,
        loaded_at_query: node.loadedAtQuery ?? null,
        freshness: freshnessData(node.freshness),
        external: null,
        quoting: {},
        source_meta: {},
        path: node.path,
      }
    case 'test':
      return {
        column_name: node.generic?.column ?? null,
        attached_node: node.attachedTo ?? null,
        ...(node.generic && {
          test_metadata: {
            name: node.generic.macro.split('.').at(-1),
            namespace: node.generic.macro.includes('.') ? node.generic.macro.split('.')[0] : null,
            kwargs: { ...node.generic.args, model: `{{ get_where_subquery(${node.generic.model}) }}` },
          },
        }),
      }
    case 'exposure':
      return {
        type: node.exposureType,
        owner: node.owner,
        url: node.url ?? null,
        maturity: node.maturity ?? null,
      }
    case 'metric':
      return {
        ...{ type: null, type_params: {}, filter: null, metadata: null, time_granularity: null },
        label: node.label ?? null,
        ...node.spec,
        type_params: { ...noTypeParams, ...(isMap(node.spec['type_params']) && node.spec['type_params']) },
      }
    case 'semantic_model':
    case 'saved_query':
      return { label: node.label ?? null, metadata: null, ...node.spec }
    default:
      return {}
  }
}

/** What any kind of metric may say of itself. */
const noTypeParams = {
  measure: null,
  input_measures: [],
  numerator: null,
  denominator: null,
  expr: null,
  window: null,
  grain_to_date: null,
  metrics: [],
  conversion_type_params: null,
  cumulative_type_params: null,
}

const noLimit = { count: null, period: null }

/** How old a source may be; limits that nobody set are there all the same. */
function freshnessData(freshness: SourceNode['freshness']): Record<string, unknown> | null {
  if (freshness === null) return null
  return {
    warn_after: freshness?.warnAfter ?? noLimit,
    error_after: freshness?.errorAfter ?? noLimit,
    filter: freshness?.filter ?? null,
  }
}

/**
 * The config with every key that it has in dbt, whether or not anybody set it: `config.get('schema', 'x')` is none,
 * not 'x', when no schema is set, and macros test for that. Hooks have the names that config() gives them.
 */
function withDefaults(resourceType: ResourceType, config: Node['config']): Node['config'] {
  const { 'pre-hook': pre_hook, 'post-hook': post_hook, ...defaults } = defaultConfig(resourceType)
  const { contract } = config
  return {
    ...defaults,
    ...(pre_hook !== undefined && { pre_hook, post_hook }),
    ...config,
    ...(isMap(contract) && { contract: { enforced: false, alias_types: true, ...contract } }),
  }
}

/** The config with what we made of it where it was left open. */
export function nodeConfig(node: Node): Readonly<Record<string, unknown>> {
  const config = withDefaults(node.resourceType, node.config)
  if (node.resourceType === 'source') return { ...config, freshness: freshnessData(node.freshness) }
  if (node.resourceType !== 'model') return config
  return { ...config, access: node.access, group: node.group ?? null }
}

function columnData({ name, description, dataType, tags, meta, quote, constraints, extra }: ColumnInfo) {
  return {
    name,
    description,
    meta,
    data_type: dataType ?? null,
    constraints: constraints ?? [],
    quote: quote ?? null,
    config: isMap(extra?.['config']) ? extra['config'] : { meta, tags },
    tags,
  }
}

/** The macro of a generic test, which tools look at to tell what is tested. */
function testMacros(node: Node, { macros, project }: Manifest): string[] {
  if (node.resourceType !== 'test' || !node.generic) return []
  const [name, packageName] = node.generic.macro.split('.').reverse()
  const packages = packageName === undefined ? [node.package, project, 'dbt'] : [packageName]
  const id = packages.map((one) => `macro.${one}.test_${name}`).find((one) => macros[one] !== undefined)
  return id === undefined ? [] : [id, 'macro.dbt.get_where_subquery']
}

function relationOf(node: Node): Relation | null {
  return 'relation' in node ? node.relation : null
}

/** Below the folder of its kind: `staging/orders.sql`. */
function pathInKind(path: string): string {
  return path.split('/').slice(1).join('/') || path
}

/** `graph`: every node by its id, apart by kind as in dbt. */
export function graphValue(manifest: Manifest, target: Target): Value {
  const pick = (types: readonly string[]): Value =>
    Dict.of(
      Object.values(manifest.nodes)
        .filter(({ resourceType }) => types.includes(resourceType))
        .map((node) => [node.id, fromJs(nodeData(node, manifest, target))] as const),
    )
  return Dict.of([
    ['nodes', pick(['model', 'seed', 'snapshot', 'test', 'analysis', 'job'])],
    ['sources', pick(['source'])],
    ['exposures', pick(['exposure'])],
    ['metrics', pick(['metric'])],
    ['groups', fromJs(manifest.groups)],
    ['semantic_models', pick(['semantic_model'])],
    ['saved_queries', pick(['saved_query'])],
    ['functions', new Dict()],
  ])
}
