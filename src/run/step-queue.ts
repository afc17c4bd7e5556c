import type { NodeId } from '../core/node.ts'
import type { Step } from '../core/plan.ts'

/*
 * Which steps may begin: those that wait for nothing more, the one of the lowest rank first, as long as its pool has
 * room. It knows nothing of what steps do.
 */

export interface StepQueue {
  /** Takes the step that is to begin next of those for which there is a place; null when none may now. */
  take(isFree: (step: Step) => boolean): Step | null
  /** Says that a step that was taken is not at work any more. */
  giveBack(id: NodeId): void
  /** Lets those begin that waited for a step, if they wait for nothing else. */
  letThrough(id: NodeId): void
  /** Takes out those that wait for a step, and returns them. */
  block(id: NodeId): readonly Step[]
  /** Takes out everything that has not begun. */
  drain(): readonly Step[]
}

export interface StepQueueOptions {
  /** Lower ranks begin first; every step has its own. */
  readonly rankOf: (id: NodeId) => number
  /** The pool of a step, where it has one. */
  readonly poolOf: (id: NodeId) => string | undefined
  /** Steps of one kind have the same places. */
  readonly kindOf: (step: Step) => string
  /** How many steps of each pool may be at work; one that is not named has no limit. */
  readonly limits: Readonly<Record<string, number>>
}

/** Steps that may begin, sorted by rank, and that have their places in common. */
interface Line {
  readonly pool: string
  readonly steps: Step[]
}

/** Makes the queue of a plan's steps. */
export function makeStepQueue(steps: readonly Step[], options: StepQueueOptions): StepQueue {
  const { rankOf, poolOf, kindOf, limits } = options
  const waiting = new Map(steps.map((step) => [step.nodeId, step]))
  const unmet = new Map(steps.map(({ nodeId, dependsOn }) => [nodeId, dependsOn.length]))
  const waitingFor = waitersOf(steps)
  const ready = new Map<string, Line>()
  const atWork = new Map<string, number>()
  const pool = (id: NodeId): string => poolOf(id) ?? ''
  const count = (name: string, by: number): void => void atWork.set(name, (atWork.get(name) ?? 0) + by)
  const hasRoom = (name: string): boolean =>
    name === '' || (atWork.get(name) ?? 0) < (limits[name] ?? Infinity)

  const makeReady = (step: Step): void => {
    const name = pool(step.nodeId)
    const key = JSON.stringify([name, kindOf(step)])
    const line = ready.get(key) ?? { pool: name, steps: [] }
    ready.set(key, line)
    line.steps.splice(placeIn(line.steps, rankOf(step.nodeId), rankOf), 0, step)
  }
  for (const step of steps) if (step.dependsOn.length === 0) makeReady(step)

  return {
    take(isFree) {
      const [line] = [...ready.values()]
        .filter(({ pool, steps }) => steps.length > 0 && hasRoom(pool) && isFree(steps[0]!))
        .sort((a, b) => rankOf(a.steps[0]!.nodeId) - rankOf(b.steps[0]!.nodeId))
      const step = line?.steps.shift()
      if (!line || !step) return null
      waiting.delete(step.nodeId)
      count(line.pool, 1)
      return step
    },
    giveBack(id) {
      count(pool(id), -1)
    },
    letThrough(id) {
      for (const waiter of waitingFor.get(id) ?? []) {
        const left = unmet.get(waiter.nodeId)! - 1
        unmet.set(waiter.nodeId, left)
        if (left === 0 && waiting.has(waiter.nodeId)) makeReady(waiter)
      }
    },
    block(id) {
      return (waitingFor.get(id) ?? []).filter(({ nodeId }) => waiting.delete(nodeId))
    },
    drain() {
      const left = [...waiting.values()]
      waiting.clear()
      ready.clear()
      return left
    },
  }
}

function waitersOf(steps: readonly Step[]): ReadonlyMap<NodeId, readonly Step[]> {
  const waiters = new Map<NodeId, Step[]>()
  for (const step of steps) {
    for (const id of step.dependsOn) {
      const list = waiters.get(id)
      if (list) list.push(step)
      else waiters.set(id, [step])
    }
  }
  return waiters
}

/** Where a rank belongs in a line that is sorted by ranks. */
function placeIn(line: readonly Step[], rank: number, rankOf: (id: NodeId) => number): number {
  let from = 0
  let to = line.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (rankOf(line[middle]!.nodeId) < rank) from = middle + 1
    else to = middle
  }
  return from
}
