import { makeGraph } from '../core/graph.ts'
import { type Node, type NodeId, type Relation, relationKey, relationsOf } from '../core/node.ts'
import type { Step } from '../core/plan.ts'
import { relationStates } from '../warehouse/index.ts'
import { type NodeReads, readsOf } from './outside-reads.ts'
import type { RunRequest } from './run-request.ts'

/** What is noted before a run builds anything: what could change while it does, and after. */
export interface InputStates {
  readonly readsOf: (id: NodeId) => NodeReads
  /** By relation key, of all that the run reads and does not build, and of what it changes or keeps. */
  readonly states: ReadonlyMap<string, string | null>
}

/** Notes the states of what the nodes read outside the run, and of their own relations. */
export async function noteInputs(
  { manifest, deferred, warehouse }: Pick<RunRequest, 'manifest' | 'deferred' | 'warehouse'>,
  steps: readonly Step[],
): Promise<InputStates> {
  const graph = makeGraph(manifest)
  const nodeIds = steps.map(({ nodeId }) => nodeId)
  const chosen = new Set(nodeIds)
  const read = (relation: Relation): Relation => deferred?.get(relationKey(relation)) ?? relation
  const reads = new Map(
    nodeIds.map((id) => {
      const { inside, outside } = readsOf(manifest.nodes[id]!, manifest, graph, chosen)
      return [id, { inside, outside: outside.map(read) }]
    }),
  )
  const own = steps.flatMap((step) => relationsThatMatter(step, manifest.nodes[step.nodeId]!))
  const relations = [...[...reads.values()].flatMap(({ outside }) => outside), ...own]
  const byKey = new Map(relations.map((relation) => [relationKey(relation), relation]))
  const known = await relationStates(warehouse.control, [...byKey.values()], warehouse.capabilities)
  // That there is none is a state like any other.
  const states = new Map([...byKey.keys()].map((key) => [key, known.has(key) ? known.get(key)! : 'absent']))
  return { readsOf: (id) => reads.get(id)!, states }
}

/** Its own relations, for a node that looks at what is published of it: tables are replaced whatever they were. */
function relationsThatMatter({ action }: Step, node: Node): readonly Relation[] {
  const isTable = node.resourceType !== 'model' || ['table', 'incremental'].includes(node.materialized)
  return isTable && action !== 'increment' && action !== 'reuse' ? [] : relationsOf(node)
}
