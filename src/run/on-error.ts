import { type NodeId, relationsOf } from '../core/node.ts'
import { ProblemError } from '../core/problem.ts'
import type { NodeResult } from '../core/run-result.ts'
import { existingRelations } from '../warehouse/index.ts'
import type { RunContext } from './run-context.ts'

/*
 * What the failure of a node means for the others, as its on_error says.
 */

/** After which nothing that the run could still do would count. */
const hopeless: ReadonlySet<string> = new Set(['run-superseded', 'build-lost'])

/** Whether nothing more is to begin after a failure. */
export function endsTheRun({ nodeId, problem }: NodeResult, { failFast, configOf }: RunContext): boolean {
  if (failFast || configOf(nodeId).onError === 'stop') return true
  return problem !== undefined && hopeless.has(problem.code)
}

/** How a failure is passed over. */
export interface PassedOver {
  /** Whether something of the node is published that its descendants can read instead. */
  readonly isReadable: boolean
}

/** Passes over a node's failure, so that the others are published all the same; null where it is not to be. */
export async function passOver(id: NodeId, context: RunContext): Promise<PassedOver | null> {
  const { configOf, manifest, warehouse, publishedRelation } = context
  if (configOf(id).onError !== 'continue') return null
  const read = relationsOf(manifest.nodes[id]!).map(publishedRelation)
  try {
    return { isReadable: (await existingRelations(warehouse.control, read)).length === read.length }
  } catch (error) {
    // Without a connection there is nothing to go on with.
    if (error instanceof ProblemError) return null
    throw error
  }
}
