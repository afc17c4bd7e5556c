import pLimit from 'p-limit'
import type { CompiledSql } from '../compile/compiled-sql.ts'
import { type ExecutionConfig, executionConfig } from '../core/execution-config.ts'
import { type Node, type NodeId, type Relation, relationsOf } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import type { RunEffects } from '../core/run-event.ts'
import { commentedWarehouse, type Warehouse } from '../warehouse/index.ts'
import { askAnywhere, recordAnswers } from './ask.ts'
import { askInTheDark } from './dark-catalog.ts'
import { type Limit, nodeWarehouse } from './node-warehouse.ts'
import { withPublishedLiterals } from './published-literals.ts'
import type { RunContext } from './run-context.ts'
import type { RunRequest } from './run-request.ts'
import { publishedFunction, publishedRelation, runScope } from './run-scope.ts'

/** What a run has besides what was asked of it. */
export interface RunMeans
  extends Pick<
    RunContext,
    'lease' | 'secondsOf' | 'builds' | 'functions' | 'standing' | 'inputStates' | 'owner'
  > {
  readonly plan: Plan
  readonly effects: RunEffects
}

/** Puts together what the steps of a run share. */
export function makeRunContext(request: RunRequest, means: RunMeans): RunContext {
  const { plan, builds, functions, effects, lease, secondsOf, standing, inputStates, owner } = means
  const { manifest, renderer } = request
  const compiledNodes = new Map<NodeId, CompiledSql>()
  const asked = new Map<NodeId, ReturnType<typeof recordAnswers>>()
  // What was rendered without a build of the run in it reads the same when it is published.
  const sameAsPublished = new Map<NodeId, CompiledSql>()
  const scope = runScope(request, new Date(plan.startedAt), (message, voice) =>
    effects.emit({ type: 'log', level: voice === 'debug' ? 'debug' : 'info', message, voice }),
  )
  const published = publishedRelation(request)
  const publishedCall = publishedFunction(request)
  const inThisRun = (relation: Relation): Relation => {
    const build = builds.resolve(relation)
    return build === relation ? published(relation) : build
  }
  const calledInThisRun = (named: Relation): Relation => {
    const build = functions.resolve(named)
    return build === named ? publishedCall(named) : build
  }
  const configs = new Map<NodeId, ExecutionConfig>()
  const configOf = (nodeId: NodeId): ExecutionConfig => {
    const config = configs.get(nodeId) ?? executionConfig(manifest.nodes[nodeId]!)
    configs.set(nodeId, config)
    return config
  }
  const pools = request.pools ?? {}
  const limits = new Map(Object.entries(pools).map(([pool, size]) => [pool, pLimit(size)]))
  const contextOn = (warehouse: Warehouse, threads: number): RunContext => {
    const ask = askInTheDark(askAnywhere(warehouse), plan.buildSchema, builds)
    const renderScope = {
      ...scope,
      isIncremental: false,
      relationOf: inThisRun,
      functionOf: calledInThisRun,
      ask,
    }
    return {
      manifest,
      plan,
      renderer,
      warehouse,
      commentOf: (nodeId, connection = 'master') => renderer.queryComment(nodeId, connection, renderScope),
      forNode(nodeId) {
        const { pool, timeoutMs } = configOf(nodeId)
        const limit: Limit | null = (pool !== undefined && limits.get(pool)) || null
        const settings = timeoutMs === undefined ? {} : { statementTimeoutMs: timeoutMs }
        const own = nodeWarehouse(request.warehouse, settings, limit)
        const comment = renderer.queryComment(nodeId, nodeId, renderScope)
        if (comment === null && own === request.warehouse) return this
        const most = pool === undefined ? threads : Math.min(threads, pools[pool] ?? threads)
        return contextOn(commentedWarehouse(own, comment), most)
      },
      connection: request.connection,
      projectRoot: request.projectRoot,
      params: manifest.vars,
      threads,
      pools,
      configOf,
      secondsOf,
      lease,
      standing,
      inputStates,
      owner,
      keepPublications: request.keepPublications,
      isWhole: isWholeRun(request),
      fullRefresh: request.fullRefresh,
      failFast: request.failFast,
      eventTime: request.eventTime,
      storeFailures: request.storeFailures ?? false,
      warnError: request.warnError ?? false,
      publishWaitMs: request.publishWaitMs,
      builds,
      functions,
      effects,
      renderScope,
      publishedRelation: published,
      publishedFunction: publishedCall,
      compile: async (node, { as = node.id, ...options }) => {
        const recorder = recordAnswers(options.ask ?? ask)
        asked.set(as, recorder)
        let readsRun = false
        const relationOf = (relation: Relation): Relation => {
          const found = inThisRun(relation)
          readsRun ||= found !== published(relation)
          return found
        }
        const functionOf = (relation: Relation): Relation => {
          const found = calledInThisRun(relation)
          readsRun ||= found !== publishedCall(relation)
          return found
        }
        const scope = { ...renderScope, relationOf, functionOf, ...options, ask: recorder.ask }
        const rendered = await renderer.compile(node.id, scope)
        const isPlain = as === node.id && !options.isIncremental && !options.batch
        if (isPlain && !readsRun) sameAsPublished.set(as, rendered)
        const compiled = withPublishedLiterals(rendered, plan.buildSchema, builds)
        compiledNodes.set(as, compiled)
        return compiled
      },
      compiledOf: (nodeId) => compiledNodes.get(nodeId) ?? null,
      // What it asked is not asked again: where it is published there may be nothing yet.
      compilePublished: async (node) =>
        sameAsPublished.get(node.id) ??
        renderer.compile(node.id, {
          ...renderScope,
          relationOf: published,
          functionOf: publishedCall,
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
  return contextOn(request.warehouse, request.threads)
}

/** Whether a run builds all that a plain one would. */
export function isWholeRun({
  empty,
  sample,
  eventTime,
  chosenTimes,
}: Pick<RunRequest, 'empty' | 'sample' | 'eventTime' | 'chosenTimes'>): boolean {
  return !(empty || sample || chosenTimes || eventTime?.start || eventTime?.end)
}
