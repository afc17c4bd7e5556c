import type { CompiledSql } from '../compile/compiled-sql.ts'
import { type Node, type NodeId, type Relation, relationsOf } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import type { RunEffects } from '../core/run-event.ts'
import { commentedWarehouse, type Warehouse } from '../warehouse/index.ts'
import { askAnywhere, recordAnswers } from './ask.ts'
import { askInTheDark } from './dark-catalog.ts'
import { withPublishedLiterals } from './published-literals.ts'
import type { Builds } from './relations.ts'
import type { RunContext } from './run-context.ts'
import type { RunRequest } from './run-request.ts'
import { publishedRelation, runScope } from './run-scope.ts'

/** Puts together what the steps of a run share. */
export function makeRunContext(
  request: RunRequest,
  plan: Plan,
  builds: Builds,
  effects: RunEffects,
): RunContext {
  const { manifest, renderer } = request
  const compiledNodes = new Map<NodeId, CompiledSql>()
  const asked = new Map<NodeId, ReturnType<typeof recordAnswers>>()
  const scope = runScope(request, new Date(plan.startedAt), (message) =>
    effects.emit({ type: 'log', level: 'info', message }),
  )
  const published = publishedRelation(request)
  const inThisRun = (relation: Relation): Relation => {
    const build = builds.resolve(relation)
    return build === relation ? published(relation) : build
  }
  const contextOn = (warehouse: Warehouse): RunContext => {
    const ask = askInTheDark(askAnywhere(warehouse), plan.buildSchema, builds)
    const renderScope = { ...scope, isIncremental: false, relationOf: inThisRun, ask }
    return {
      manifest,
      plan,
      renderer,
      warehouse,
      commentOf: (nodeId, connection = 'master') => renderer.queryComment(nodeId, connection, renderScope),
      forNode(nodeId) {
        const comment = renderer.queryComment(nodeId, nodeId, renderScope)
        return comment === null ? this : contextOn(commentedWarehouse(request.warehouse, comment))
      },
      connection: request.connection,
      projectRoot: request.projectRoot,
      params: manifest.vars,
      threads: request.threads,
      fullRefresh: request.fullRefresh,
      failFast: request.failFast,
      eventTime: request.eventTime,
      storeFailures: request.storeFailures ?? false,
      warnError: request.warnError ?? false,
      builds,
      effects,
      renderScope,
      publishedRelation: published,
      compile: async (node, { as = node.id, ...options }) => {
        const recorder = recordAnswers(options.ask ?? ask)
        asked.set(as, recorder)
        const rendered = await renderer.compile(node.id, { ...renderScope, ...options, ask: recorder.ask })
        const compiled = withPublishedLiterals(rendered, plan.buildSchema, builds)
        compiledNodes.set(as, compiled)
        return compiled
      },
      compiledOf: (nodeId) => compiledNodes.get(nodeId) ?? null,
      // What it asked is not asked again: where it is published there may be nothing yet.
      compilePublished: (node) =>
        renderer.compile(node.id, {
          ...renderScope,
          relationOf: published,
          ask: asked.get(node.id)?.replay() ?? ask,
        }),
      relationOf: (node: Node, ref: string) => {
        const target = node.dependsOn.map((id) => manifest.nodes[id]!).find(({ name }) => name === ref)
        const [relation] = target ? relationsOf(target) : []
        if (!relation) throw new Error(`${node.id} does not depend on a relation '${ref}'`)
        return inThisRun(relation)
      },
    }
  }
  return contextOn(request.warehouse)
}
