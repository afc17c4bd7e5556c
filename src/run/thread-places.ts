import type { Manifest } from '../core/manifest.ts'
import type { Plan, Step } from '../core/plan.ts'
import { mostTogether, sessionsTogether } from '../warehouse/index.ts'
import { isPlainView } from './steps/model.ts'

/*
 * How many steps are at work at once. A step takes a thread for itself, and a session when it needs one; but a view
 * that is nothing but its SELECT is one small statement, which goes out together with others like it. Of those as
 * many are under way as can be sent at once, and some more that are made ready meanwhile.
 */

/** Whether a step is sent together with others, and so takes no thread for itself. */
export function isSentTogether(
  { nodeId, action }: Step,
  { publish }: Pick<Plan, 'publish'>,
  { nodes }: Pick<Manifest, 'nodes'>,
): boolean {
  const node = nodes[nodeId]!
  return publish === 'run' && action === 'build' && node.resourceType === 'model' && isPlainView(node)
}

/** Places at which steps work, each with the number of its thread from 1. */
export interface ThreadPlaces {
  isFree(step: Step): boolean
  take(step: Step): number
  giveBack(step: Step, thread: number): void
}

/** Makes the places of a run. */
export function makeThreadPlaces(
  threads: number,
  plan: Pick<Plan, 'publish'>,
  manifest: Pick<Manifest, 'nodes'>,
): ThreadPlaces {
  const alone = Array.from({ length: threads }, (_, index) => index + 1)
  const groups = Math.min(threads, sessionsTogether) + 1
  const together = Array.from({ length: groups * mostTogether }, (_, index) => (index % threads) + 1)
  const placesOf = (step: Step): number[] => (isSentTogether(step, plan, manifest) ? together : alone)
  return {
    isFree: (step) => placesOf(step).length > 0,
    take: (step) => placesOf(step).shift()!,
    giveBack: (step, thread) => void placesOf(step).unshift(thread),
  }
}

/** How many sessions a plan is going to need at once, at the most. */
export function sessionsFor(plan: Plan, threads: number, manifest: Pick<Manifest, 'nodes'>): number {
  const working = plan.steps.filter(({ action }) => action !== 'reuse' && action !== 'none')
  const together = working.filter((step) => isSentTogether(step, plan, manifest)).length
  const forTogether = Math.min(sessionsTogether, Math.ceil(together / mostTogether))
  return Math.min(threads, working.length - together + forTogether)
}
