import type { FingerprintOf } from '../../compile/fingerprint.ts'
import { type NodeId, type Relation, relationKey } from '../../core/node.ts'
import type { Premise } from '../../core/premise.ts'
import { readPremises } from '../../store/index.ts'
import { observeRelations, possibleWriters, unsureCalls } from '../../warehouse/index.ts'
import { isWholeRun } from '../make-run-context.ts'
import type { WarehouseState } from '../plan-scope.ts'
import type { PlanRequest } from '../run-request.ts'
import { publishedRelation, runScope } from '../run-scope.ts'
import {
  circumstancesOf,
  hasOwnRows,
  type RowNode,
  sessionSettings,
  sqlInThisRun,
  textHash,
  whyAlways,
} from './reuse-terms.ts'
import { whyNotReused } from './why-not-reused.ts'

/**
 * Why the relations with rows that stand cannot stay as they are, by node; null for those that can, if nothing that
 * they read is built. Most of the work is for those alone about which nothing else speaks against it.
 */
export async function compareRows(
  request: PlanRequest,
  state: WarehouseState,
  definitionOf: FingerprintOf,
  startedAt: Date,
): Promise<ReadonlyMap<NodeId, string | null>> {
  const why = new Map<NodeId, string | null>()
  const standing = standingNodes(request, state, definitionOf)
  const candidates: RowNode[] = []
  for (const node of standing) {
    const never = whyNever(node, request)
    if (never !== null) why.set(node.id, never)
    else candidates.push(node)
  }
  if (candidates.length === 0) return why
  const { control, capabilities, serverVersion } = request.warehouse
  const premises = await readPremises(control)
  const premiseOf = (node: RowNode): Premise | undefined => premises.get(relationKey(node.relation))
  const known = candidates.filter((node) => premiseOf(node) !== undefined)
  const relations = known.flatMap((node) => [
    node.relation,
    ...Object.keys(premiseOf(node)!.inputs).map(relationOfKey),
  ])
  const observed = await observeRelations(control, uniqueRelations(relations), capabilities)
  const seen = [...observed.values()]
  const views = seen.flatMap((one) => Object.keys(one.views))
  const callers = [...known.map((node) => relationKey(node.relation)), ...views]
  const unsure = await unsureCalls(
    control,
    callers.flatMap((key) => premises.get(key)?.calls ?? []),
  )
  const writers = await possibleWriters(
    control,
    seen.flatMap(({ tables }) => tables),
    serverVersion,
  )
  const settings = known.length > 0 ? await sessionSettings(control) : ''
  const scope = { ...runScope(request, startedAt, () => {}), relationOf: publishedRelation(request) }
  for (const node of candidates) {
    const premise = premiseOf(node)
    const sql = premise && (await sqlInThisRun(node, request.renderer, scope, premise.action === 'increment'))
    const facts = { premise, observed, premises, writers, unsure }
    const text = sql == null ? null : textHash(sql)
    why.set(node.id, whyNotReused(node, { ...facts, text, circumstances: circumstancesOf(node, settings) }))
  }
  return why
}

/** The chosen nodes whose relations are there, with the definition that they have. */
function standingNodes(
  { manifest, nodeIds }: PlanRequest,
  { relations, definitions }: WarehouseState,
  definitionOf: FingerprintOf,
): RowNode[] {
  return nodeIds
    .map((id) => manifest.nodes[id]!)
    .filter(hasOwnRows)
    .filter((node) => {
      const key = relationKey(node.relation)
      return relations.has(key) && definitions.get(key)?.whole === definitionOf(node.id).whole
    })
}

/** Why nothing of a node is compared. */
function whyNever(node: RowNode, request: PlanRequest): string | null {
  if (request.reuse !== 'all') return 'reuse is switched off'
  if (node.config['reuse'] === false) return 'its config says reuse: false'
  const fullRefresh =
    node.resourceType === 'model' ? (node.fullRefresh ?? request.fullRefresh) : request.fullRefresh
  if (fullRefresh) return 'full refresh'
  if (!isWholeRun(request)) return 'this run reads only some of the rows'
  return whyAlways(node, request.renderer)
}

function uniqueRelations(relations: readonly Relation[]): Relation[] {
  return [...new Map(relations.map((relation) => [relationKey(relation), relation])).values()]
}

/** Schemas of projects have no dots in their names; one that has is not found, and so counts as changed. */
function relationOfKey(key: string): Relation {
  const dot = key.indexOf('.')
  return { schema: key.slice(0, dot), identifier: key.slice(dot + 1) }
}
