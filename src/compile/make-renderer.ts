import type { Manifest } from '../core/manifest.ts'
import type { AnalysisNode, ModelNode, Node, NodeId, Relation, SnapshotNode, TestNode } from '../core/node.ts'
import { makeProblem, type Place } from '../core/problem.ts'
import { type CompiledSql, type EphemeralCte, injectCtes } from './compiled-sql.ts'
import { mergeConfig } from './config-tree.ts'
import type { ContextScope, RefCall, SourceCall } from './context/context.ts'
import { cteName, cteValue, relationValue } from './context/relation-value.ts'
import { fromJs, hostFunction, hostObject, type NameSource, toJs, type Value } from './dialect/index.ts'
import type { BatchScope, Renderer, RenderScope } from './renderer.ts'
import type { Resolver } from './resolve.ts'
import { ContextError, withTemplateProblems } from './template-problem.ts'
import { renderArguments, type Templates } from './templates.ts'

/** Makes the renderer of a compiled project. */
export function makeRenderer(manifest: Manifest, templates: Templates, resolver: Resolver): Renderer {
  const { dialect, options } = templates

  /** Renders one node; ephemeral models that it reads are collected, not yet written in. */
  const renderNode = (node: TemplateNode, scope: RenderScope, ephemeral: Set<NodeId>): CompiledSql => {
    const names = overridden(templates.names(contextOf(node, scope, ephemeral)), scope.overrides?.macros)
    return withTemplateProblems(options.textOf, () =>
      node.resourceType === 'test' && node.generic
        ? renderGeneric(node, names)
        : renderText(node.rawCode, node.path, names),
    )
  }

  const renderText = (text: string, file: string, names: NameSource): CompiledSql => {
    const { text: rendered, map } = dialect.render(templates.parse(text, file), names)
    const placeAt = (offset: number): Place => {
      const { line, column } = map.placeAt(offset)
      return { file, line, column }
    }
    return { text: rendered, placeAt }
  }

  const renderGeneric = (node: TestNode, names: NameSource): CompiledSql => {
    const { macro, model, args } = node.generic!
    const values = renderArguments(dialect, { model, ...args }, names, node.path)
    const relation = node.where === undefined ? values.model! : whereValue(values.model!, node.where)
    const text = dialect.callMacro(
      templates.macros.find(`test_${macro}`)!,
      [],
      { ...values, model: relation },
      names,
    )
    return { text: String(text).trim(), placeAt: () => node.place }
  }

  /** The CTEs of ephemeral models, each after those that it reads itself. */
  const ctesOf = (ids: ReadonlySet<NodeId>, scope: RenderScope): EphemeralCte[] => {
    const ctes = new Map<NodeId, EphemeralCte>()
    const visit = (id: NodeId): void => {
      if (ctes.has(id)) return
      const node = manifest.nodes[id] as ModelNode
      const inner = new Set<NodeId>()
      const sql = renderNode(node, { ...scope, isIncremental: false }, inner)
      for (const read of inner) visit(read)
      ctes.set(id, { name: cteName(node.name), sql })
    }
    for (const id of ids) visit(id)
    return [...ctes.values()]
  }

  const contextOf = (node: Node | null, scope: RenderScope, ephemeral: Set<NodeId>): ContextScope => {
    const relationFor = (id: NodeId): Value => {
      const target = manifest.nodes[id]!
      if (scope.standIns) return standInFor(target, scope.standIns)
      if (target.resourceType === 'model' && target.materialized === 'ephemeral') {
        ephemeral.add(id)
        return cteValue(cteName(target.name))
      }
      if (!('relation' in target)) throw new ContextError('ref-unknown', `${target.name} has no relation`)
      return relationValue({
        database: options.target.database,
        ...scope.relationOf(target.relation),
        ...rowsToRead(target, scope),
      })
    }
    const standInFor = (target: Node, standIns: ReadonlyMap<NodeId, Relation>): Value => {
      const relation = standIns.get(target.id)
      if (relation) return relationValue({ database: options.target.database, ...relation })
      throw new ContextError(
        'unit-test-invalid',
        `the unit test gives no rows for ${target.name}, which ${node?.name ?? 'it'} reads`,
        `give it some, or none: given: [{input: ref('${target.name}'), rows: []}]`,
      )
    }
    const checked = (id: NodeId | null, written: string): NodeId => {
      if (id === null) throw new ContextError('ref-unknown', `${written} matches no node`)
      if (node && !node.dependsOn.includes(id))
        throw new ContextError(
          'ref-unknown',
          `${written} was not seen while the project was compiled, so ${node.name} does not wait for it`,
          `say so in a comment at the top of the file: -- depends_on: {{ ${written} }}`,
        )
      return id
    }
    const relation = node && 'relation' in node ? scope.relationOf(node.relation) : null
    const { overrides } = scope
    return {
      target: options.target,
      vars: { ...options.vars, ...overrides?.vars },
      env: overrides ? { ...options.env, ...textValues(overrides.envVars) } : options.env,
      execute: true,
      ref: (call: RefCall) => relationFor(checked(resolver.ref(call), `ref('${call.name}')`)),
      source: (call: SourceCall) =>
        relationFor(checked(resolver.source(call), `source('${call.source}', '${call.table}')`)),
      config: { current: () => node?.config ?? {}, declare: (values) => void mergeConfig({}, values) },
      thisRelation: thisRelation(node, relation, scope),
      isIncremental: scope.isIncremental,
      fullRefresh: scope.fullRefresh,
      model: { ...modelData(node), ...(scope.batch && { batch: batchData(scope.batch) }) },
      runStartedAt: scope.runStartedAt,
      invocationId: scope.invocationId,
      log: scope.log,
    }
  }

  return {
    target: options.target,
    async compile(nodeId, scope) {
      const node = manifest.nodes[nodeId]
      if (!node || !('rawCode' in node)) throw new Error(`${nodeId} is no template`)
      const ephemeral = new Set<NodeId>()
      const own = renderNode(node, scope, ephemeral)
      return injectCtes(own, ctesOf(ephemeral, scope))
    },
    async compileInline(text, scope) {
      const ephemeral = new Set<NodeId>()
      const names = templates.names(contextOf(null, scope, ephemeral))
      const own = withTemplateProblems(
        (file) => (file === inlineFile ? text : options.textOf(file)),
        () => renderText(text, inlineFile, names),
      )
      return injectCtes(own, ctesOf(ephemeral, scope))
    },
    renderValue(text) {
      return renderValue(templates, text)
    },
    problem(code, message, place, hint, severity) {
      const source = options.textOf(place.file)
      return makeProblem(code, message, {
        place,
        ...(source !== undefined && { source }),
        ...(hint && { hint }),
        ...(severity && { severity }),
      })
    },
  }
}

/** The nodes that are templates. */
type TemplateNode = ModelNode | SnapshotNode | TestNode | AnalysisNode

/** Names of which some are macros that a unit test replaces by what they are to return. */
function overridden(names: NameSource, macros: Readonly<Record<string, unknown>> | undefined): NameSource {
  if (!macros) return names
  return {
    ...names,
    lookup: (name, from) =>
      Object.hasOwn(macros, name) ? hostFunction(name, () => fromJs(macros[name])) : names.lookup(name, from),
  }
}

/** What `this` is: an increment reads its own published rows, not the build that is under way. */
function thisRelation(node: Node | null, build: Relation | null, scope: RenderScope): Relation | null {
  if (!node || !('relation' in node)) return build
  if (scope.standIns) return scope.standIns.get(node.id) ?? build
  return scope.isIncremental || node.resourceType === 'snapshot' ? node.relation : build
}

/** Limits what is read of a relation: nothing with --empty, the rows of the batch where there are times. */
function rowsToRead(target: Node, { batch, empty }: RenderScope): { limit?: number; where?: string } {
  if (empty) return { limit: 0 }
  const column = target.config['event_time']
  if (!batch || typeof column !== 'string') return {}
  return {
    where: `${column} >= '${batchTime(batch.start)}' and ${column} < '${batchTime(batch.end)}'`,
  }
}

/** A time as dbt writes it into SQL: `2026-01-31 00:00:00+00:00`. */
function batchTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')}+00:00`
}

function batchData({ id, start, end }: BatchScope): Record<string, unknown> {
  return { id, event_time_start: start, event_time_end: end }
}

function textValues(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

/** The file that problems of inline SQL point into. */
const inlineFile = '<inline>'

/** A value of YAML that may be a template; only env_var and var mean something there. */
export function renderValue({ dialect, plainNames }: Templates, text: string): unknown {
  if (!text.includes('{')) return text
  return withTemplateProblems(
    () => text,
    () => toJs(dialect.renderNative(dialect.parse(text, '<value>'), plainNames())),
  )
}

/** A relation with only some of its rows, as a test's `where` asks for. */
function whereValue(relation: Value, where: string): Value {
  const text = `(select * from ${String(dialectText(relation))} where ${where}) dbt_subquery`
  return hostObject({ type: 'Relation', str: () => text, repr: () => text })
}

function dialectText(value: Value): string {
  return typeof value === 'object' && value !== null && 'protocol' in value
    ? (value.protocol.str?.() ?? '')
    : String(value)
}

/** What `model` shows of a node. */
function modelData(node: Node | null): Record<string, unknown> {
  if (!node) return {}
  const {
    id,
    name,
    package: packageName,
    resourceType,
    path,
    fqn,
    tags,
    meta,
    config,
    description,
    dependsOn,
  } = node
  return {
    unique_id: id,
    name,
    package_name: packageName,
    resource_type: resourceType,
    original_file_path: path,
    fqn,
    tags,
    meta,
    config,
    description,
    depends_on: { nodes: dependsOn },
    ...('relation' in node && { schema: node.relation.schema, alias: node.relation.identifier }),
  }
}
