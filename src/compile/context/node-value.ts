import { defaultConfig } from '../../core/default-config.ts'
import { extended } from '../../core/extended.ts'
import type { Manifest, Target } from '../../core/manifest.ts'
import type {
  ColumnInfo,
  FunctionArgument,
  FunctionNode,
  FunctionReturns,
  ModelNode,
  Node,
  Relation,
  ResourceType,
  SourceNode,
  TestNode,
} from '../../core/node.ts'
import { isMap } from '../config-tree.ts'
import { Dict, fromJs, type Value } from '../dialect/index.ts'
import { type MacroReader, makeMacroReader } from '../macro-reads.ts'
import { isPythonModel } from '../nodes/python-model.ts'
import { primaryKey } from '../primary-key.ts'
import { quoted } from '../quoting.ts'
import { hookData } from './hook-value.ts'
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
      // A test has a relation where it keeps rows, an ephemeral model nowhere.
      relation_name: hasRelation(node)
        ? renderRelation({
            database: target.database,
            ...relation,
            ...quoted(node, manifest.quoting, { database: target.database, ...relation }),
          })
        : null,
    }),
    checksum: checksumData(node),
    config: configData(node),
    tags,
    meta,
    description,
    columns: Object.fromEntries(node.columns.map((column) => [column.name, columnData(column)])),
    docs: { show: true, node_color: null },
    patch_path: node.patchPath === undefined ? null : `${node.package}://${node.patchPath}`,
    depends_on: { macros: macrosOf(node, manifest), nodes: node.dependsOn },
    refs: parents
      .filter(({ resourceType }) => ['model', 'seed', 'snapshot', 'job', 'job_table'].includes(resourceType))
      .map((parent) => ({ name: parent.name, package: null, version: null })),
    sources: parents.flatMap((parent) =>
      parent.resourceType === 'source' ? [[parent.sourceName, parent.name]] : [],
    ),
    metrics: [],
    functions: parents.flatMap((parent) => (parent.resourceType === 'function' ? [[parent.name]] : [])),
    ...('rawCode' in node && { language: isPythonModel(node) ? 'python' : 'sql' }),
    raw_code: 'rawCode' in node ? node.rawCode.trim() : '',
    group: 'group' in node ? (node.group ?? null) : null,
    build_path: null,
    compiled_path: null,
    created_at: 0,
    doc_blocks: [],
    extra_ctes: [],
    extra_ctes_injected: true,
    unrendered_config: node.config,
    ...ofKind(node, manifest),
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
function ofKind(node: Node, manifest: Manifest): Record<string, unknown> {
  switch (node.resourceType) {
    case 'model':
      return {
        access: node.access,
        deprecation_date: node.deprecationDate ?? null,
        primary_key: primaryKey(node, manifest),
        time_spine: timeSpineData(node.timeSpine),
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
        ...(node.generic && {
          path: `${node.relation.identifier}.sql`,
          file_key_name: fileKeyName(node, manifest),
        }),
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
    case 'function':
      return functionData(node)
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

/** What goes into a function and comes out, as dbt writes it. */
export function functionData(node: FunctionNode): Record<string, unknown> {
  const argument = ({ name, dataType, description, defaultValue }: FunctionArgument) => ({
    name,
    data_type: dataType,
    description: description ?? null,
    default_value: defaultValue ?? null,
  })
  const returned = ({ dataType, description }: FunctionReturns) => ({
    data_type: dataType,
    description: description ?? null,
  })
  return {
    arguments: node.arguments.map(argument),
    returns: returned(node.returns),
    overloads: node.overloads.map(({ definedIn, arguments: given, returns, description, rawCode }) => ({
      defined_in: definedIn,
      arguments: given.map(argument),
      returns: returns ? returned(returns) : null,
      description: description ?? null,
      raw_body: rawCode.trim(),
      compiled_body: null,
    })),
  }
}

/** A time spine as dbt shows it, in templates and in the manifest. */
export function timeSpineData(spine: ModelNode['timeSpine']): Record<string, unknown> | null {
  if (!spine) return null
  return {
    standard_granularity_column: spine.column,
    custom_granularities: spine.customGranularities.map(({ name, column }) => ({
      name,
      column_name: column ?? null,
    })),
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
  return extended(
    defaults,
    pre_hook === undefined ? {} : { pre_hook, post_hook },
    config,
    isMap(contract) ? { contract: { enforced: false, alias_types: true, ...contract } } : {},
  )
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

/** Every macro that a node's own text calls; a generic test has those that tools look at. */
function macrosOf(node: Node, manifest: Manifest): readonly string[] {
  if (node.resourceType === 'test' && node.generic) return testMacros(node, manifest)
  return 'rawCode' in node ? readerOf(manifest)(node.rawCode, node.package) : []
}

const readers = new WeakMap<Manifest['macros'], MacroReader>()

/** The reader for a manifest's macros, which never change. */
function readerOf(manifest: Manifest): MacroReader {
  const known = readers.get(manifest.macros) ?? makeMacroReader(manifest)
  readers.set(manifest.macros, known)
  return known
}

function hasRelation(node: Node): boolean {
  if (node.resourceType === 'test')
    return node.storeFailures !== undefined && node.storeFailures !== 'ephemeral'
  return !(node.resourceType === 'model' && node.materialized === 'ephemeral')
}

function checksumData(node: Node): Record<string, unknown> {
  if (node.resourceType === 'test' && node.generic) return { name: 'none', checksum: '' }
  return { name: 'sha256', checksum: 'checksum' in node ? node.checksum : '' }
}

/** The config with hooks under the names that they have in dbt's dictionaries. */
function configData(node: Node): Record<string, unknown> {
  const { pre_hook, post_hook, ...config } = nodeConfig(node)
  return {
    ...config,
    ...(pre_hook !== undefined && { 'pre-hook': pre_hook }),
    ...(post_hook !== undefined && { 'post-hook': post_hook }),
  }
}

/** Where in its file a generic test is declared: `models.orders`. */
function fileKeyName({ attachedTo }: TestNode, { nodes }: Manifest): string | null {
  const tested = attachedTo === undefined ? undefined : nodes[attachedTo]
  if (!tested) return null
  return tested.resourceType === 'source'
    ? `sources.${tested.sourceName}`
    : `${tested.resourceType}s.${tested.name}`
}

function relationOf(node: Node): Relation | null {
  return 'relation' in node ? node.relation : null
}

/** Below the folder of its kind: `staging/orders.sql`. */
function pathInKind(path: string): string {
  return path.split('/').slice(1).join('/') || path
}

/** `graph`: every node by its id, apart by kind as in dbt. */
export function graphValue(manifest: Manifest, target: Target): Dict {
  const pick = (types: readonly string[]): Dict =>
    Dict.of(
      Object.values(manifest.nodes)
        .filter(({ resourceType }) => types.includes(resourceType))
        .map((node) => [node.id, fromJs(nodeData(node, manifest, target))] as const),
    )
  const nodes = pick(['model', 'seed', 'snapshot', 'test', 'analysis', 'job', 'job_table'])
  for (const hook of manifest.hooks) nodes.set(hook.id, fromJs(hookData(hook, manifest, target)))
  return Dict.of([
    ['nodes', nodes],
    ['sources', pick(['source'])],
    ['exposures', pick(['exposure'])],
    ['metrics', pick(['metric'])],
    ['groups', groupsValue(manifest)],
    ['semantic_models', pick(['semantic_model'])],
    ['saved_queries', pick(['saved_query'])],
    ['functions', pick(['function'])],
  ])
}

function groupsValue({ groups }: Manifest): Value {
  return Dict.of(
    Object.values(groups).map(({ id, name, package: packageName, path, description, owner, config }) => {
      const group = {
        name,
        resource_type: 'group',
        package_name: packageName,
        path: pathInKind(path),
        original_file_path: path,
        unique_id: id,
        owner: { name: null, email: null, ...owner },
        description: description || null,
        config,
      }
      return [id, fromJs(group)] as const
    }),
  )
}
