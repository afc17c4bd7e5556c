import { type NodeId, relationKey, relationsOf } from '../core/node.ts'
import type { Step } from '../core/plan.ts'
import type { NodeResult, RunResult } from '../core/run-result.ts'
import { addKeptBuilds, type KeptBuild } from '../store/index.ts'
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
  const done = new Set(result.results.filter(isDone).map(({ nodeId }) => nodeId))
  const drafts = plan.steps.flatMap((step) => {
    const outcome = outcomes.get(step.nodeId)
    return outcome && done.has(step.nodeId) ? [draftOf(step, outcome, context, inputs)] : []
  })
  if ([...drafts, ...adopted].every(({ builds, publish }) => builds.length + publish.length === 0)) return []
  return [...adopted, ...(await keptOf(drafts, context, identityOf))]
}

/** Keeps builds while the run is at work. */
export interface BuildKeeper {
  /** Notes what a step has made; it counts when the step has ended well. */
  readonly built: (step: Step, outcome: StepOutcome) => void
  readonly ended: (result: NodeResult) => void
  /** Waits until everything is written that has ended. */
  readonly settle: () => Promise<void>
}

/**
 * Makes a keeper. It writes one statement at a time, with all that has ended meanwhile, and what cannot be written is
 * no failure of the run: it would only be built again.
 */
export function makeBuildKeeper(
  context: RunContext,
  { plan, adopted, inputs, identityOf }: Pick<Beginning, 'plan' | 'adopted' | 'inputs' | 'identityOf'>,
): BuildKeeper {
  const made = new Map<NodeId, { readonly step: Step; readonly outcome: StepOutcome }>()
  let pending: Draft[] = []
  const write = async (): Promise<void> => {
    const drafts = pending
    pending = []
    if (drafts.length === 0) return
    const kept = await keptOf(drafts, context, identityOf)
    await addKeptBuilds(context.warehouse.control, context.lease, plan.runId, kept)
  }
  const carriedOver = async (): Promise<void> => {
    if (adopted.length > 0) await addKeptBuilds(context.warehouse.control, context.lease, plan.runId, adopted)
  }
  let writing: Promise<void> = carriedOver().catch(() => {})
  return {
    built: (step, outcome) => void made.set(step.nodeId, { step, outcome }),
    ended(result) {
      const one = made.get(result.nodeId)
      if (!one || !isDone(result)) return
      pending.push(draftOf(one.step, one.outcome, context, inputs))
      writing = writing.then(write).catch(() => {})
    },
    settle: () => writing,
  }
}

function isDone({ status }: NodeResult): boolean {
  return status === 'success' || status === 'reused' || status === 'pass' || status === 'warn'
}

type Draft = ReturnType<typeof draftOf>

/** Drafts with what tells later whether they may be taken. */
async function keptOf(
  drafts: readonly Draft[],
  { warehouse }: RunContext,
  identityOf: Beginning['identityOf'],
): Promise<KeptBuild[]> {
  const files = await relationFiles(warehouse.control, drafts.flatMap(relationsOfBuild))
  return Promise.all(
    drafts.map(async (draft): Promise<KeptBuild> => {
      const own = relationsOfBuild(draft).map(relationKey)
      return {
        ...draft,
        identity: await identityOf(draft.nodeId),
        files: Object.fromEntries(own.map((key) => [key, files.get(key) ?? ''])),
      }
    }),
  )
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
