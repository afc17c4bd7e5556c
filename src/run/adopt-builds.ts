import type { NodeId, Relation } from '../core/node.ts'
import type { BuildRelation, Plan } from '../core/plan.ts'
import type { KeptBuild, KeptRun } from '../store/index.ts'
import { builtRelations } from './built-relations.ts'
import type { NodeReads } from './outside-reads.ts'

/*
 * Going on with a run that failed: which of its builds may be taken as they are. Taken is what is the same in
 * definition, was built in the same way, is still there, and was made from what has not changed since and is taken
 * too. Everything else is built again, from there on.
 */

/** What is so now, for the nodes of the plan. */
export interface AdoptionState {
  readonly identityOf: (id: NodeId) => string
  readonly readsOf: (id: NodeId) => NodeReads
  /** The states of relations that the run reads and does not build, by relation key. */
  readonly inputs: ReadonlyMap<string, string | null>
  /** The files of relations that stand in the build schemas, by relation key. */
  readonly files: ReadonlyMap<string, string>
  /** Whether a test that warned is to run again, since it would fail now. */
  readonly warnError: boolean
}

/** The builds that may be taken, in the order of the plan. */
export function adoptableBuilds(plan: Plan, kept: KeptRun, state: AdoptionState): readonly KeptBuild[] {
  const byNode = new Map(kept.builds.map((build) => [build.nodeId, build]))
  const adopted = new Map<NodeId, KeptBuild>()
  for (const { nodeId, action } of plan.steps) {
    const build = byNode.get(nodeId)
    if (!build || build.action !== action || build.identity !== state.identityOf(nodeId)) continue
    if (build.verdict === 'warn' && state.warnError) continue
    // A function is made again in no time, and nothing tells whether it is still there.
    if (build.publish.some(({ kind }) => kind === 'function')) continue
    if (!isThere(build, state) || !hasSameInputs(build, state)) continue
    if (state.readsOf(nodeId).inside.every((parent) => adopted.has(parent))) adopted.set(nodeId, build)
  }
  return [...adopted.values()]
}

function isThere({ files }: KeptBuild, state: AdoptionState): boolean {
  return Object.entries(files).every(([key, file]) => state.files.get(key) === file)
}

function hasSameInputs({ inputs }: KeptBuild, state: AdoptionState): boolean {
  return Object.entries(inputs).every(([key, before]) => before !== null && state.inputs.get(key) === before)
}

/** The plan without the steps that are done, in the schema in which they were. */
export function withAdopted(plan: Plan, buildSchema: string, builds: readonly KeptBuild[]): Plan {
  const done = new Set(builds.map(({ nodeId }) => nodeId))
  return {
    ...plan,
    buildSchema,
    steps: plan.steps
      .filter(({ nodeId }) => !done.has(nodeId))
      .map((step) => ({ ...step, dependsOn: step.dependsOn.filter((id) => !done.has(id)) })),
    adopted: plan.steps.filter(({ nodeId }) => done.has(nodeId)),
  }
}

/** The relations of a build in the build schemas: what readers get, and what is published. */
export function relationsOfBuild({
  builds,
  publish,
}: {
  readonly builds: readonly BuildRelation[]
  readonly publish: KeptBuild['publish']
}): readonly Relation[] {
  return [...builds.map(({ build }) => build), ...builtRelations(publish)]
}
