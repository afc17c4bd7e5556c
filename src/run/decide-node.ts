import { historyOf, type TableHistory } from '../core/fingerprint.ts'
import {
  type JobNode,
  type LoadNode,
  type ModelNode,
  type Node,
  type NodeId,
  relationKey,
  relationsOf,
  type SnapshotNode,
} from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { type Decision, decideLoad } from './decide-load.ts'
import { isBuiltByTime } from './intervals/time-partition.ts'
import type { PlanScope, WarehouseState } from './plan-scope.ts'

/*
 * What a run does with each node: build it anew, add to it, load it. Pure, from the project and what stands.
 */

/** What is done with a node, and why, as far as nothing speaks for leaving it as it is. */
export function decideNode(node: Node, scope: PlanScope): Decision {
  switch (node.resourceType) {
    case 'load':
      return decideLoad(node, scope.state, scope.options)
    case 'seed':
      return { action: 'seed', reason: 'read from its file' }
    case 'test':
      return { action: 'test', reason: 'tests look at what the run built' }
    case 'job':
      return decideJob(node, scope)
    case 'model':
      return decideModel(node, scope)
    case 'snapshot':
      return decideSnapshot(node, scope)
    case 'function':
      return { action: 'build', reason: 'functions are made on every run' }
    case 'unit_test':
      return { action: 'test', reason: 'unit tests come before their model' }
    case 'exposure':
    case 'saved_query':
      return { action: 'none', reason: 'tells who reads; there is nothing to run' }
    case 'source':
    case 'job_table':
    case 'analysis':
    case 'metric':
    case 'semantic_model':
      throw new Error(`${node.id} has no step`)
  }
}

function decideModel(node: ModelNode, scope: PlanScope): Decision {
  const { state, options } = scope
  if (node.materialized !== 'incremental')
    return { action: 'build', reason: `materialized as ${node.materialized}` }
  if (state.relations.get(relationKey(node.relation)) !== 'table')
    return { action: 'build', reason: 'incremental, and not there yet' }
  const refreshed = options.refreshedByMacro?.get(node.id) ?? node.fullRefresh ?? options.fullRefresh
  if (refreshed) return { action: 'build', reason: 'full refresh' }
  const load = node.fullRefresh === undefined ? newerLoad(node.id, scope) : null
  if (load !== null) return { action: 'build', reason: `incremental, but ${load} was loaded anew since` }
  const history = tableHistory(node, scope)
  if (isRebuilt(node, history))
    return {
      action: 'build',
      reason: `incremental, but ${history.why ?? 'an older definition made some of its rows'}, and on_change is rebuild`,
      isAnew: true,
    }
  return { action: 'increment', reason: 'incremental, and there already' }
}

/** Which versions of its definition a table has rows of, before anything is built; null where it has nothing of before. */
export function tableHistory(node: ModelNode, { manifest, state, options }: PlanScope): TableHistory {
  const nameOf = (id: NodeId): string => manifest.nodes[id]?.name ?? id
  return historyOf(state.definitions.get(relationKey(node.relation)), options.definitionOf(node.id), nameOf)
}

/** A table that is built by time knows which of its times are old, and has only these built again. */
function isRebuilt(node: ModelNode, { older }: TableHistory): boolean {
  if (older.length === 0 || isBuiltByTime(node)) return false
  return node.config['on_change'] === 'rebuild' && node.fullRefresh !== false
}

/** Metrics are kept and brought up to date as long as they are the same ones; other analyses are made anew. */
function decideJob(node: JobNode, scope: PlanScope): Decision {
  const { state, options } = scope
  if (node.spec.kind !== 'metrics') return { action: 'analyse', reason: 'analyses follow their data' }
  const anew = (why: string): Decision => ({ action: 'analyse', reason: `metrics, ${why}` })
  const keys = node.tables.map(({ relation }) => relationKey(relation))
  if (!keys.every((key) => state.relations.get(key) === 'table')) return anew('and not there yet')
  if (node.config['full_refresh'] ?? options.fullRefresh) return anew('full refresh')
  const definition = options.definitionOf(node.id)
  const isSame = (key: string): boolean => {
    const before = state.definitions.get(key)
    return before?.compiled === definition.compiled && before.config === definition.config
  }
  // What they read may change as it may below an incremental model: a var of the day does so every night.
  if (!keys.every(isSame)) return anew('and they or the exposures of an experiment have changed')
  const load = newerLoad(node.id, scope)
  if (load !== null) return anew(`but ${load} was loaded anew since`)
  return { action: 'increment', reason: 'metrics, and there already' }
}

/**
 * The name of a load among a node's ancestors that replaces its data in this run, or did after the node was
 * built: rows made from what was there before must not stay beside rows made from what is there now.
 */
function newerLoad(id: NodeId, { manifest, graph, chosen, state, options }: PlanScope): string | null {
  const builtAt = latest(manifest.nodes[id]!, state)
  for (const ancestor of graph.ancestors(id)) {
    const node = manifest.nodes[ancestor]!
    // The rows of a stream are added to and never replaced.
    if (node.resourceType !== 'load' || node.spec.kind === 'stream') continue
    if (chosen.has(ancestor) && decideLoad(node, state, options).action === 'load') return node.name
    const loadedAt = loadedAnewAt(node, state)
    if (builtAt !== null && loadedAt !== null && loadedAt > builtAt) return node.name
  }
  return null
}

/** When what a load has filled was last replaced: what comes to it besides is for increments. */
function loadedAnewAt(node: LoadNode, state: WarehouseState): string | null {
  const { spec } = node
  const adds = (spec.kind === 'files' || spec.kind === 'postgres') && spec.mode !== 'replace'
  if (!adds) return latest(node, state)
  const held = relationsOf(node).flatMap((relation) => state.held.get(relationKey(relation)) ?? [])
  return held.map(({ loadedAt }) => loadedAt).sort()[0] ?? null
}

/** When a node's relations were last published. */
function latest(node: Node, { published }: WarehouseState): string | null {
  const instants = relationsOf(node).flatMap(
    (relation) => published.get(relationKey(relation))?.publishedAt ?? [],
  )
  return instants.sort().at(-1) ?? null
}

/** A history cannot be made again, so not even a full refresh begins it anew. */
function decideSnapshot(node: SnapshotNode, { state }: PlanScope): Decision {
  const kind = state.relations.get(relationKey(node.relation))
  if (kind === undefined) return { action: 'build', reason: 'snapshot, and not there yet' }
  if (kind === 'table') return { action: 'increment', reason: 'snapshot, and there already' }
  const key = relationKey(node.relation)
  throw new ProblemError(
    makeProblem('snapshot-invalid', `${key} is a ${kind.replace('_', ' ')}, and a snapshot needs a table`, {
      place: node.place,
      hint: 'rename one of them',
    }),
  )
}
