import { lineageMeta } from '../../compile/lineage/lineage-meta.ts'
import { isPythonModel } from '../../compile/nodes/python-model.ts'
import { extended } from '../../core/extended.ts'
import { type ColumnInfo, type Node, relationOf, type TestNode } from '../../core/node.ts'
import { type ArtifactScope, relationName } from './artifact-scope.ts'
import { compiledPath, hasSql, pathInKind } from './compiled-path.ts'
import { nodeDocs } from './node-config.ts'
import { plainObject } from './plain-json.ts'

/*
 * The parts that the entries of a manifest are put together from.
 */

/** An entry of the manifest. */
export type Entry = Readonly<Record<string, unknown>>

/** What jobs and loads say as models: nothing but what a model says of itself by default. */
export const modelTraits = {
  access: 'protected',
  constraints: [],
  contract: { enforced: false, alias_types: true },
  version: null,
  latest_version: null,
  deprecation_date: null,
} as const

/** The part that entries of all kinds share. */
export function identity(node: Node, scope: ArtifactScope) {
  const isModelHere = ['job', 'job_table', 'load'].includes(node.resourceType)
  return {
    unique_id: scope.idOf(node.id),
    resource_type: isModelHere ? 'model' : node.resourceType,
    name: node.name,
    package_name: node.package,
    path: pathInKind(node),
    original_file_path: node.path,
    fqn: node.fqn,
    description: node.description,
    tags: node.tags,
    meta: entryMeta(node, scope),
    unrendered_config: plainObject(node.writtenConfig ?? node.config),
    created_at: scope.options.generatedAt.getTime() / 1000,
  }
}

/**
 * What people have noted of a node, and under `estimand` what we know of it. The latter is not in its config, by which
 * dbt tells whether a node has changed.
 */
export function entryMeta(node: Node, scope: ArtifactScope, ours: Entry = {}): Record<string, unknown> {
  const meta = plainObject(node.meta)
  const lineage = scope.lineage.get(node.id)
  const known = { ...ours, ...(lineage && { column_lineage: lineageMeta(lineage, scope.idOf) }) }
  return Object.keys(known).length === 0 ? meta : { ...meta, estimand: known }
}

/** The schema, in the database that we are connected to. */
export function place(schema: string, { options }: ArtifactScope) {
  return { database: options.target.database, schema }
}

/** What nodes have that are, or could be, relations. */
export function tableEntry(
  node: Node,
  scope: ArtifactScope,
  { schema, identifier }: { readonly schema: string; readonly identifier: string },
): Entry {
  const relation = relationOf(node)
  return extended(identity(node, scope), place(schema, scope), {
    alias: identifier,
    columns: columnEntries(node.columns),
    docs: nodeDocs(node),
    patch_path: node.patchPath === undefined ? null : `${node.package}://${node.patchPath}`,
    build_path: null,
    doc_blocks: node.docBlocks ?? [],
    relation_name: relation && relationName(node, relation, scope.manifest, scope.options),
  })
}

/** What nodes have that read others. */
export function queryEntry(node: Node, scope: ArtifactScope): Entry {
  const compiled = scope.compiledCode.get(node.id)
  const parents = parentsInOrder(node, scope)
  const read = {
    language: isPythonModel(node) ? 'python' : 'sql',
    ...readsOf(parents, node),
    functions: functionsOf(parents),
    depends_on: { macros: macrosOf(node, scope), nodes: parents.map(({ id }) => scope.idOf(id)) },
  }
  if (!hasSql(node)) return read
  if (compiled === undefined) return extended(read, { compiled_path: null })
  return extended(read, {
    compiled: true,
    compiled_code: compiled,
    compiled_path: `target/compiled/${compiledPath(node)}`,
    extra_ctes_injected: true,
    extra_ctes: [],
  })
}

/** What a node depends on in dbt's order: sources first, and for a generic test what it is declared on last. */
export function parentIds(node: Node, scope: ArtifactScope): readonly string[] {
  return parentsInOrder(node, scope).map(({ id }) => scope.idOf(id))
}

function parentsInOrder(node: Node, scope: ArtifactScope): readonly Node[] {
  const attached = node.resourceType === 'test' ? node.attachedTo : undefined
  const rank = ({ id, resourceType }: Node): number => {
    if (resourceType === 'source') return 0
    return id === attached ? 2 : 1
  }
  const parents = scope.parentsOf(node)
  return parents.length < 2 ? parents : [...parents].sort((a, b) => rank(a) - rank(b))
}

/** The references as templates make them, by name. */
export function reads(node: Node, scope: ArtifactScope): Entry {
  return readsOf(parentsInOrder(node, scope), node)
}

function readsOf(parents: readonly Node[], { calls }: Node): Entry {
  if (calls) return { refs: calls.refs, sources: calls.sources, metrics: [] }
  return {
    refs: parents
      .filter(({ resourceType }) => ['model', 'seed', 'snapshot', 'job', 'job_table'].includes(resourceType))
      .map((parent) => ({
        name: parent.name,
        package: null,
        version: null,
      })),
    sources: parents
      .filter((parent) => parent.resourceType === 'source')
      .map(({ sourceName, name }) => [sourceName, name]),
    metrics: [],
  }
}

/** The functions of the project that it calls. */
function functionsOf(parents: readonly Node[]): readonly (readonly string[])[] {
  return parents.flatMap(({ resourceType, name }) => (resourceType === 'function' ? [[name]] : []))
}

/** How a generic test was declared: on what, by which macro, with which arguments. */
export function genericEntry(node: TestNode, scope: ArtifactScope): Entry {
  const { macro, args, model, column } = node.generic!
  const parts = macro.split('.')
  const attached = node.attachedTo === undefined ? undefined : scope.manifest.nodes[node.attachedTo]
  const [, lost] = (!attached && /^ref\('(\w+)'/.exec(model)) || []
  return {
    column_name: column ?? null,
    file_key_name: attached ? fileKeyName(attached) : lost ? `models.${lost}` : null,
    // dbt names no source here; those who look for one take it from depends_on.
    attached_node: attached && attached.resourceType !== 'source' ? scope.idOf(attached.id) : null,
    test_metadata: {
      name: parts.at(-1)!,
      namespace: parts.length > 1 ? parts[0]! : null,
      kwargs: { ...plainObject(args), model: `{{ get_where_subquery(${model}) }}` },
    },
  }
}

function fileKeyName(node: Node): string {
  if (node.resourceType === 'source') return `sources.${node.sourceName}`
  const isOwnKind = node.resourceType === 'seed' || node.resourceType === 'snapshot'
  return `${isOwnKind ? `${node.resourceType}s` : 'models'}.${node.name}`
}

/** The macros that a node's SQL calls; a generic test calls its own, and what its arguments call. */
function macrosOf(node: Node, { macrosIn }: ArtifactScope): readonly string[] {
  if (node.resourceType === 'test' && node.generic) {
    const [name, namespace] = node.generic.macro.split('.').reverse()
    const prefix = namespace === undefined ? '' : `${namespace}.`
    // The two that nearly all tests are do without the macro by which the others read their model.
    const isPlain = node.generic.macro === 'unique' || node.generic.macro === 'not_null'
    const where = isPlain ? '' : '{{ get_where_subquery() }}'
    const args = JSON.stringify(plainObject(node.generic.args))
    return macrosIn(`{{ ${prefix}test_${name}() }}${where}${args}`, node.package)
  }
  return 'rawCode' in node ? macrosIn(node.rawCode, node.package) : []
}

/** A hash as the manifest writes it; an empty one is none. */
export function checksum(hash: string): Entry {
  return hash === '' ? { name: 'none', checksum: '' } : { name: 'sha256', checksum: hash }
}

/** The described columns by name. */
export function columnEntries(columns: readonly ColumnInfo[]): Entry {
  return Object.fromEntries(
    columns.map(
      ({ name, description, dataType, tags, meta: noted, constraints, quote, extra, docBlocks }) => {
        const meta = plainObject(noted)
        const entry = {
          name,
          description,
          data_type: dataType ?? null,
          tags,
          meta,
          config: { tags, meta },
          constraints: constraintEntries(constraints ?? []).map(({ columns: _, ...own }) => own),
          quote: quote ?? null,
          granularity: extra?.['granularity'] ?? null,
          ...semanticElements(name, description, extra),
          doc_blocks: docBlocks ?? [],
        }
        return [name, entry]
      },
    ),
  )
}

/** What a column is to a semantic layer, where it says so; only dbt 1.12 knows these keys. */
function semanticElements(column: string, described: string, extra: Entry = {}): Entry {
  const { dimension, entity } = extra
  if (dimension === undefined && entity === undefined) return {}
  const element = (value: unknown, { validity_params: ends, ...more }: Entry): unknown => {
    if (typeof value !== 'object' || value === null) return value ?? null
    const said = plainObject(value as Entry)
    return {
      type: said['type'],
      name: said['name'] ?? column,
      description: said['description'] || described,
      label: said['label'] ?? null,
      ...Object.fromEntries(Object.entries(more).map(([key, usual]) => [key, said[key] ?? usual])),
      config: said['config'] ?? {},
      ...(ends !== undefined && {
        validity_params: said['validity_params']
          ? extended({ ...(ends as Entry) }, said['validity_params'] as Entry)
          : null,
      }),
    }
  }
  const ends = { is_start: false, is_end: false }
  return {
    dimension: element(dimension, { is_partition: false, validity_params: ends }),
    entity: element(entity, {}),
  }
}

const constraintTypes: readonly unknown[] = [
  'check',
  'not_null',
  'unique',
  'primary_key',
  'foreign_key',
  'custom',
]

/** Constraints as they are written, with every key that dbt has, in its order. */
export function constraintEntries(constraints: readonly Entry[]): readonly Entry[] {
  return constraints
    .filter(({ type }) => constraintTypes.includes(type))
    .map((constraint) => {
      const { type, name, expression, warn_unenforced, warn_unsupported, to, to_columns, columns } =
        plainObject(constraint)
      return {
        type,
        name: name ?? null,
        expression: expression ?? null,
        warn_unenforced: warn_unenforced ?? true,
        warn_unsupported: warn_unsupported ?? true,
        to: to ?? null,
        to_columns: to_columns ?? [],
        columns: columns ?? [],
      }
    })
}
