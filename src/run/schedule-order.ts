import type { NodeId } from '../core/node.ts'
import type { Step } from '../core/plan.ts'

/*
 * Which step begins first when several could: the one with the longest way before it to the end of the run, since
 * nothing can end sooner than its longest chain of steps. How long steps take is known from earlier runs.
 */

/** How long a step counts of which nothing is known, in seconds. */
const unknownSeconds = 1

/** The rank of each step: lower ones begin first. Equals stand by id. */
export function scheduleOrder(
  steps: readonly Step[],
  secondsOf: (id: NodeId) => number | undefined,
): ReadonlyMap<NodeId, number> {
  const paths = criticalPaths(steps, secondsOf)
  const ranked = [...steps].sort(
    (a, b) =>
      Number(looksAround(a)) - Number(looksAround(b)) ||
      paths.get(b.nodeId)! - paths.get(a.nodeId)! ||
      (a.nodeId < b.nodeId ? -1 : 1),
  )
  return new Map(ranked.map(({ nodeId }, rank) => [nodeId, rank]))
}

/** How long each step and the longest chain of those that wait for it take together, in seconds. */
export function criticalPaths(
  steps: readonly Step[],
  secondsOf: (id: NodeId) => number | undefined,
): ReadonlyMap<NodeId, number> {
  const paths = new Map<NodeId, number>()
  const longestAfter = new Map<NodeId, number>()
  // Steps of a plan come after those that they wait for, so from the end backwards all that wait are known.
  for (const { nodeId, dependsOn } of [...steps].reverse()) {
    const path = (secondsOf(nodeId) ?? unknownSeconds) + (longestAfter.get(nodeId) ?? 0)
    paths.set(nodeId, path)
    for (const id of dependsOn) longestAfter.set(id, Math.max(longestAfter.get(id) ?? 0, path))
  }
  return paths
}

/**
 * A test that names no node looks at the database itself. Projects rely on its coming after all that can begin
 * with it, as in dbt.
 */
function looksAround({ action, dependsOn }: Step): boolean {
  return action === 'test' && dependsOn.length === 0
}
