import { extended } from '../core/extended.ts'
import type { Manifest } from '../core/manifest.ts'
import type { FunctionNode, Node, NodeId, Relation } from '../core/node.ts'
import type { Config } from './config-tree.ts'
import type { ContextScope } from './context/context.ts'
import type { Database } from './context/database.ts'
import { modelData, nodeConfig } from './context/node-value.ts'
import {
  asRelation,
  cteName,
  cteValue,
  quoteIdentifier,
  type RelationParts,
  relationValue,
} from './context/relation-value.ts'
import { Dict, fromJs, hostFunction, type Value } from './dialect/index.ts'
import { quoted, withFoldedNames } from './quoting.ts'
import type { BatchScope, RenderScope } from './renderer.ts'
import type { Resolver } from './resolve.ts'
import { ContextError } from './template-problem.ts'
import type { Templates } from './templates.ts'

/*
 * What the template of a node sees when it is rendered to be run.
 */

export interface NodeScopeRequest {
  readonly manifest: Manifest
  readonly templates: Templates
  readonly resolver: Resolver
  /** `graph`, made once for all renderings. */
  readonly graph: () => Value
  readonly database: Database
  readonly log: RenderScope['log']
  readonly scope: RenderScope
  /** The rendered node; null for a template that belongs to none, which may refer to everything. */
  readonly node: Node | null
  /** Takes the ephemeral models that are read. */
  readonly ephemeral: Set<NodeId>
  /** Whose macros are found first, where there is no node. */
  readonly packageName?: string
  readonly more?: ContextScope['more']
  /** The compiled SQL that a materialization is to build; schema and alias of the node are then those of `this`. */
  readonly materializes?: string
}

type ReadersRequest = Pick<
  NodeScopeRequest,
  'manifest' | 'templates' | 'resolver' | 'node' | 'scope' | 'ephemeral' | 'packageName'
>

/** Makes the scope of one rendering. */
export function nodeScope(request: NodeScopeRequest): ContextScope {
  const { templates, node, scope, database, log } = request
  const { options } = templates
  const packageName = node?.package ?? request.packageName ?? templates.projectName
  const { overrides } = scope
  const own = thisRelation(node, scope)
  const config = once((): Config => (node ? templateConfig(node) : {}))
  const scopeOfNode: Omit<ContextScope, Reader> = {
    packageName,
    projectName: templates.projectName,
    runtimeConfig: templates.runtimeConfig,
    target: options.target,
    vars: overrides ? { ...templates.varsOf(packageName), ...overrides.vars } : templates.varsOf(packageName),
    commandLineVars: options.vars,
    env: overrides ? { ...options.env, ...textValues(overrides.envVars) } : options.env,
    secrets: false,
    requireVars: true,
    execute: true,
    database,
    config: { current: config, declare: () => {} },
    thisRelation: own && named(node, own, templates),
    standing: (relation) => standing(relation, scope),
    folded: (relation) => withFoldedNames(relation, templates.quoting),
    isIncremental: scope.isIncremental,
    model: () => modelValue(request, own),
    graph: request.graph,
    schema:
      (request.materializes !== undefined ? own?.schema : relationOf(node)?.schema) ?? options.target.schema,
    isCitus: scope.isCitus ?? false,
    selected: scope.selected ?? [],
    flags: () => ({
      ...templates.projectFlags,
      FULL_REFRESH: scope.fullRefresh,
      EMPTY: scope.empty ?? false,
      ...scope.flags,
    }),
    runStartedAt: scope.runStartedAt,
    invocationId: scope.invocationId,
    more: request.more ?? {},
    overrides: overriddenMacros(overrides?.macros),
    log: (message, toTerminal) => log(message, toTerminal ? 'info' : 'debug'),
    print: scope.flags?.['PRINT'] === false ? () => {} : (message) => log(message, 'print'),
    ...(scope.seen && { seen: scope.seen }),
  }
  return extended(scopeOfNode, makeReaders(request))
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** The names by which templates read others. */
type Reader = 'ref' | 'source' | 'function'

/** The config of a node with what only templates ask for. */
function templateConfig(node: Node): Config {
  const config = nodeConfig(node)
  if (node.resourceType !== 'snapshot') return config
  const { validTo, validFrom, scdId, updatedAt, isDeleted } = node.spec.metaColumns
  const columns = {
    dbt_valid_to: validTo,
    dbt_valid_from: validFrom,
    dbt_scd_id: scdId,
    dbt_updated_at: updatedAt,
    dbt_is_deleted: isDeleted,
  }
  return { ...config, snapshot_table_column_names: columns }
}

/** `ref`, `source` and `function`: where the nodes that are named stand in this run. */
export function makeReaders({
  manifest,
  templates,
  resolver,
  node,
  scope,
  ephemeral,
  packageName,
}: ReadersRequest): Pick<ContextScope, Reader> {
  const { database } = templates.options.target
  const from = node?.package ?? packageName ?? templates.projectName
  const relationFor = (id: NodeId): Value => {
    const target = manifest.nodes[id]!
    if (scope.standIns) return relationValue({ database, ...standInFor(target, node, scope.standIns) })
    if (target.resourceType === 'model' && target.materialized === 'ephemeral') {
      ephemeral.add(id)
      return cteValue(cteName(target.relation.identifier), rowsToRead(target, node, scope))
    }
    const relation = relationOf(target)
    if (!relation) throw new ContextError('ref-unknown', `${target.name} has no relation`)
    const there = target.resourceType === 'source' ? target.database : undefined
    const names = extended({ database: there ?? database }, scope.relationOf(relation))
    const quotes = quoted(target, templates.quoting, names)
    return relationValue(extended(names, quotes, rowsToRead(target, node, scope)))
  }
  const known = (id: NodeId | null, code: 'ref-unknown' | 'source-unknown', written: string): NodeId => {
    if (id === null) throw new ContextError(code, `${written} matches no node`)
    return id
  }
  /** What is referred to is built before; a source is there anyway. */
  const awaited = (id: NodeId, written: string): NodeId => {
    if (node && !node.dependsOn.includes(id))
      throw new ContextError(
        'ref-unknown',
        `${written} was not seen while the project was compiled, so ${node.name} does not wait for it`,
        `say so in a comment at the top of the file: -- depends_on: {{ ${written} }}`,
      )
    return id
  }
  return {
    ref: (call) => {
      const written = `ref('${call.name}')`
      return relationFor(awaited(known(resolver.ref(call, from), 'ref-unknown', written), written))
    },
    source: (call) => {
      const written = `source('${call.source}', '${call.table}')`
      return relationFor(known(resolver.source(call, from), 'source-unknown', written))
    },
    function: (call) => {
      const written = `function('${call.name}')`
      const id = awaited(known(resolver.function(call, from), 'ref-unknown', written), written)
      const { relation } = manifest.nodes[id] as FunctionNode
      return relationValue({ database, ...(scope.functionOf?.(relation) ?? relation) })
    },
  }
}

function named(node: Node | null, relation: Relation, templates: Templates): RelationParts {
  const names = extended({ database: templates.options.target.database }, relation)
  return extended(names, quoted(node, templates.quoting, names))
}

function standInFor(target: Node, node: Node | null, standIns: ReadonlyMap<NodeId, Relation>): Relation {
  const relation = standIns.get(target.id)
  if (relation) return relation
  throw new ContextError(
    'unit-test-invalid',
    `the unit test gives no rows for ${target.name}, which ${node?.name ?? 'it'} reads`,
    `give it some, or none: given: [{input: ref('${target.name}'), rows: []}]`,
  )
}

function relationOf(node: Node | null): Relation | null {
  return node && 'relation' in node ? node.relation : null
}

/** A relation that is named by its parts is that of the run, as one that is referred to is. */
function standing(relation: RelationParts, { relationOf: resolve }: RenderScope): RelationParts {
  const named = asRelation(relation)
  return named ? { ...relation, ...resolve(named) } : relation
}

/** What `this` is: an increment reads its own published rows, not the build that is under way. */
function thisRelation(node: Node | null, scope: RenderScope): Relation | null {
  if (scope.thisRelation) return scope.thisRelation
  const relation = relationOf(node)
  if (!node || !relation) return null
  if (scope.standIns) return scope.standIns.get(node.id) ?? scope.relationOf(relation)
  return scope.isIncremental || node.resourceType === 'snapshot' ? relation : scope.relationOf(relation)
}

/** Limits what is read of a relation: nothing with --empty, the rows of the batch or sample where there are times. */
function rowsToRead(target: Node, node: Node | null, scope: RenderScope): RowsToRead {
  if (scope.empty) return { limit: 0 }
  const time = target.config['event_time']
  const window = windowToRead(node, scope)
  if (!window || typeof time !== 'string') return {}
  const isQuoted = target.columns.some(({ name, quote }) => name === time && quote === true)
  const column = isQuoted ? quoteIdentifier(time) : time
  return { where: `${column} >= '${writtenTime(window.start)}' and ${column} < '${writtenTime(window.end)}'` }
}

interface RowsToRead {
  readonly limit?: number
  readonly where?: string
}

/** The times that a node reads: of its batch as far as they are in the sample. */
function windowToRead(node: Node | null, { batch, sample }: RenderScope) {
  const isSampled = sample && (node?.resourceType === 'model' || node?.resourceType === 'snapshot')
  if (!batch || !isSampled) return batch ?? (isSampled ? sample : undefined)
  return {
    start: sample.start > batch.start ? sample.start : batch.start,
    end: sample.end < batch.end ? sample.end : batch.end,
  }
}

/** A time as dbt writes it into SQL: `2026-01-31 00:00:00+00:00`, with microseconds where it has any. */
function writtenTime(time: Date): string {
  const text = time.toISOString().replace('T', ' ')
  return `${text.slice(0, 19)}${time.getUTCMilliseconds() === 0 ? '' : `${text.slice(19, 23)}000`}+00:00`
}

function modelValue(
  { manifest, templates, node, scope, materializes }: NodeScopeRequest,
  own: Relation | null,
): Value {
  if (!node) return new Dict()
  const { target } = templates.options
  return fromJs({
    ...modelData(node, manifest, target),
    ...(materializes !== undefined && {
      ...(own && { schema: own.schema, alias: own.identifier, identifier: own.identifier }),
      compiled: true,
      compiled_code: materializes,
    }),
    ...(scope.batch && { batch: batchData(scope.batch) }),
  })
}

function batchData({ id, start, end }: BatchScope): Record<string, unknown> {
  return { id, event_time_start: start, event_time_end: end }
}

function textValues(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

/** Macros of which a unit test says what they return, by their names and by `dbt.name`. */
function overriddenMacros(macros: Readonly<Record<string, unknown>> | undefined): Record<string, Value> {
  const functions = Object.entries(macros ?? {}).map(
    ([name, value]) => [name, hostFunction(name, () => fromJs(value))] as const,
  )
  const plain = functions.filter(([name]) => !name.includes('.'))
  const builtin = functions.flatMap(([name, value]) =>
    name.startsWith('dbt.') ? [[name.slice(4), value] as const] : [],
  )
  return Object.fromEntries([
    ...plain.map(([name, value]) => [`dbt.${name}`, value] as const),
    ...builtin,
    ...functions,
  ])
}
