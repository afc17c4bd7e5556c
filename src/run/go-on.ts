import type { FingerprintOf } from '../compile/fingerprint.ts'
import type { NodeId } from '../core/node.ts'
import type { Plan } from '../core/plan.ts'
import type { KeptBuild, KeptRun } from '../store/index.ts'
import { relationFiles } from '../warehouse/index.ts'
import { adoptableBuilds, relationsOfBuild, withAdopted } from './adopt-builds.ts'
import { dropOthers } from './build-schemas.ts'
import { makeIdentities } from './node-identity.ts'
import { type InputStates, noteInputs } from './note-inputs.ts'
import type { RunRequest } from './run-request.ts'

/** How a run begins: from nothing, or from what a failed one has built. */
export interface Beginning {
  readonly plan: Plan
  readonly adopted: readonly KeptBuild[]
  readonly inputs: InputStates
  readonly identityOf: (id: NodeId) => Promise<string>
}

/**
 * Takes over what may be taken of the builds that are kept, and drops the others. Also notes in which state
 * everything is that the run reads, before it builds: should it fail, a retry asks whether that is still so.
 */
export async function goOn(
  request: RunRequest,
  plan: Plan,
  definitionOf: FingerprintOf,
  kept: KeptRun | null,
): Promise<Beginning> {
  const { warehouse, warnError = false } = request
  // A run that publishes node by node has nothing left to go on from.
  const steps = plan.publish === 'run' ? plan.steps : []
  const inputs = await noteInputs(request, steps)
  const identityOf = makeIdentities(request, definitionOf)
  const begin = (adopted: readonly KeptBuild[]): Beginning => ({
    plan: kept && adopted.length > 0 ? withAdopted(plan, kept.buildSchema, adopted) : plan,
    adopted,
    inputs,
    identityOf,
  })
  if (!kept || steps.length === 0) return begin([])
  const planned = new Set(steps.map(({ nodeId }) => nodeId))
  const builds = kept.builds.filter(({ nodeId }) => planned.has(nodeId))
  const identities = new Map<NodeId, string>()
  for (const { nodeId } of builds) identities.set(nodeId, await identityOf(nodeId))
  const adopted = adoptableBuilds(plan, kept, {
    identityOf: (id) => identities.get(id)!,
    readsOf: inputs.readsOf,
    inputs: inputs.states,
    files: await relationFiles(warehouse.control, builds.flatMap(relationsOfBuild)),
    warnError,
  })
  if (adopted.length > 0)
    await dropOthers(warehouse.control, kept.buildSchema, adopted.flatMap(relationsOfBuild))
  return begin(adopted)
}
