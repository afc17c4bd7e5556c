import { type NodeId, relationKey, relationsOf } from '../core/node.ts'
import type { Step } from '../core/plan.ts'
import type { RunResult } from '../core/run-result.ts'
import type { KeptBuild } from '../store/index.ts'
import { relationFiles } from '../warehouse/index.ts'
import { relationsOfBuild } from './adopt-builds.ts'
import type { Beginning } from './go-on.ts'
import type { InputStates } from './note-inputs.ts'
import type { RunContext, StepOutcome } from './run-context.ts'

/*
 * Keeping what a failed run has built, so that a retry can go on from there.
 */

/** What of a run may be gone on from, if there is any use in that. */
export async function keepableBuilds(
  result: RunResult,
  outcomes: ReadonlyMap<NodeId, StepOutcome>,
  context: RunContext,
  { plan, adopted, inputs, identityOf }: Beginning,
): Promise<readonly KeptBuild[]> {
  if (result.status !== 'failed' || result.published || plan.publish !== 'run') return []
  const done = new Set(
    result.results
      .filter(({ status }) => ['success', 'reused', 'pass', 'warn'].includes(status))
      .map(({ nodeId }) => nodeId),
  )
  const drafts = plan.steps.flatMap((step) => {
    const outcome = outcomes.get(step.nodeId)
    return outcome && done.has(step.nodeId) ? [draftOf(step, outcome, context, inputs)] : []
  })
  if ([...drafts, ...adopted].every(({ builds, publish }) => builds.length + publish.length === 0)) return []
  const files = await relationFiles(context.warehouse.control, drafts.flatMap(relationsOfBuild))
  const kept = await Promise.all(
    drafts.map(async (draft): Promise<KeptBuild> => {
      const own = relationsOfBuild(draft).map(relationKey)
      return {
        ...draft,
        identity: await identityOf(draft.nodeId),
        files: Object.fromEntries(own.map((key) => [key, files.get(key) ?? ''])),
      }
    }),
  )
  return [...adopted, ...kept]
}

function draftOf(
  { nodeId, action }: Step,
  { publish, verdict }: StepOutcome,
  { manifest, builds }: RunContext,
  { readsOf, states }: InputStates,
) {
  const own = relationsOf(manifest.nodes[nodeId]!)
  const named = new Set([...own, ...publish.map(({ published }) => published)].map(relationKey))
  // A delta fits the table that it was made for, and a view may stay as it is where it stands already.
  const readsOwn = action === 'increment' || publish.some(({ kind }) => kind === 'view' || kind === 'keep')
  const inputs = [...readsOf(nodeId).outside, ...(readsOwn ? own : [])].map(relationKey)
  return {
    nodeId,
    action,
    inputs: Object.fromEntries(inputs.map((key) => [key, states.get(key) ?? null])),
    builds: builds.all().filter(({ published }) => named.has(relationKey(published))),
    publish,
    ...((verdict === 'pass' || verdict === 'warn') && { verdict }),
  }
}
