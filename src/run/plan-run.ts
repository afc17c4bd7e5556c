import type { FingerprintOf } from '../compile/fingerprint.ts'
import { makeGraph } from '../core/graph.ts'
import {
  type LoadNode,
  type ModelNode,
  type Node,
  type NodeId,
  relationKey,
  relationsOf,
} from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import { readDefinitions, readLedgers, readLoadedFiles, readPublished } from '../store/index.ts'
import { existingRelations } from '../warehouse/index.ts'
import { askAnywhere } from './ask.ts'
import { fingerprintDefinitions } from './definition-fingerprints.ts'
import { surveyFiles } from './load-files/survey-files.ts'
import { fingerprintLoads } from './load-fingerprint.ts'
import { makePlan } from './plan.ts'
import type { WarehouseState } from './plan-scope.ts'
import { compareRows } from './reuse/compare-rows.ts'
import type { PlanRequest } from './run-request.ts'
import { publishedRelation, runScope } from './run-scope.ts'
import { compareViews } from './standing-views.ts'

/*
 * What a run would do, from the project and what stands in the warehouse; `plan` shows it, a run carries it out.
 */

export interface PlannedRun {
  readonly plan: Plan
  /** What a node's definition comes to; kept with what it publishes. */
  readonly definitionOf: FingerprintOf
}

/** Looks at the warehouse and plans; has no effect on it. */
export async function planRun(request: PlanRequest, startedAt: Date): Promise<PlannedRun> {
  const { manifest, warehouse, nodeIds, command, runId, fullRefresh } = request
  const selected = nodeIds.map((id) => manifest.nodes[id]!)
  const relations = await existingRelations(warehouse.control, selected.flatMap(relationsOf))
  const state = {
    relations: new Map(relations.map((relation) => [relationKey(relation), relation.kind])),
    published: await readPublished(warehouse.control),
    definitions: await readDefinitions(warehouse.control),
    ledgers: await readLedgers(warehouse.control),
    held: await readLoadedFiles(warehouse.control),
  }
  const graph = makeGraph(manifest)
  const definitionOf = await fingerprintDefinitions(request, graph)
  const views =
    request.reuse === 'none' ? [] : selected.filter((node) => isStandingView(node, state, definitionOf))
  const plan = makePlan(manifest, graph, nodeIds, state, {
    definitionOf,
    standing: new Map([
      ...(await compareViews(request, views, state.published, startedAt)),
      ...(await compareRows(request, state, definitionOf, startedAt)),
    ]),
    runId,
    startedAt,
    command,
    publish: request.publish,
    fullRefresh,
    refreshedByMacro: await askFullRefresh(request, selected, startedAt),
    // As in dbt, a sample of what has times is a sample of the batches, too.
    eventTime: request.sample ?? request.eventTime,
    chosenTimes: request.chosenTimes,
    ...(request.empty && { empty: true }),
    filesToLoad: await surveyFiles(selected.filter(isLoad), state.held, request),
    loadFingerprints: await fingerprintLoads(
      selected.filter(isLoad),
      manifest.vars,
      request.renderer,
      request.projectRoot,
    ),
  })
  return { plan, definitionOf }
}

/** What a macro should_full_refresh of the project says of incremental models. */
async function askFullRefresh(
  request: PlanRequest,
  selected: readonly Node[],
  startedAt: Date,
): Promise<ReadonlyMap<NodeId, boolean>> {
  const { renderer, warehouse } = request
  const answers = new Map<NodeId, boolean>()
  if (!renderer.isOwnMacro('should_full_refresh')) return answers
  const scope = {
    ...runScope(request, startedAt, () => {}),
    relationOf: publishedRelation(request),
    isIncremental: false,
    ask: askAnywhere(warehouse),
  }
  for (const node of selected) {
    if (node.resourceType !== 'model' || node.materialized !== 'incremental') continue
    const { text } = await renderer.compileInline('{{ should_full_refresh() }}', scope, node.id)
    answers.set(node.id, text.trim() === 'True')
  }
  return answers
}

/** Whether a node is a view that is there, with the definition that it has. */
function isStandingView(
  node: Node,
  { relations, definitions }: Pick<WarehouseState, 'relations' | 'definitions'>,
  definitionOf: FingerprintOf,
): node is ModelNode {
  if (node.resourceType !== 'model' || node.materialized !== 'view') return false
  const key = relationKey(node.relation)
  return relations.get(key) === 'view' && definitions.get(key)?.whole === definitionOf(node.id).whole
}

function isLoad(node: Node): node is LoadNode {
  return node.resourceType === 'load'
}
