import type { CausalEstimand, CausalEstimator } from '../../../core/causal-spec.ts'
import type { SimulatedRefuter } from '../../../stats/causal/refuters/perturbation.ts'
import { simulateRefuter } from '../../../stats/causal/refuters/refute.ts'
import { isRefused, type Refusal } from '../../../stats/index.ts'
import { inSharedMemory } from '../../threads/in-shared-memory.ts'
import { shareWork } from '../../threads/share-work.ts'
import { makeReestimator } from './make-reestimator.ts'
import { drawnUnits, type RefutedUnits } from './refuted-units.ts'

/** Simulations of one refuter. */
export interface Simulations {
  readonly refuter: SimulatedRefuter
  readonly simulations: number
  readonly subsetShare?: number
}

/** What is simulated, as plain data that threads are given. */
export interface SimulationPlan {
  readonly refuted: RefutedUnits
  readonly estimator: CausalEstimator
  readonly target: CausalEstimand
  readonly seed: number
  readonly wanted: readonly Simulations[]
}

/** A part of the simulations, which one thread does at a time. */
export interface SimulationShare {
  readonly refuter: number
  readonly from: number
  readonly to: number
}

/** What a thread is given. */
export interface SimulationThread {
  readonly plan: SimulationPlan
  readonly shares: readonly SimulationShare[]
}

const simulationsTogether = 5
/** Below so many values looked at, threads cost more than they save. */
const worthThreads = 10_000_000

/**
 * The effects of all simulations, refuter by refuter. Each simulation hangs on its number alone, so that the number of
 * threads makes no difference to any digit.
 */
export async function simulateInThreads(
  plan: SimulationPlan,
  threads: number,
): Promise<readonly Float64Array[] | Refusal> {
  const shares = sharesOf(plan)
  const effects = plan.wanted.map(({ simulations }) => new Float64Array(simulations))
  const work = valuesIn(plan.refuted) * shares.length * simulationsTogether
  const count = work < worthThreads ? 1 : Math.min(threads, shares.length)
  const take = (index: number, found: Float64Array): void => {
    const { refuter, from } = shares[index]!
    effects[refuter]!.set(found, from)
  }
  const simulate = simulatorOf(plan)
  if (isRefused(simulate)) return simulate
  if (count <= 1) {
    for (const [index, share] of shares.entries()) take(index, simulate(share))
    return effects
  }
  const thread: SimulationThread = { plan: { ...plan, refuted: inSharedMemory(plan.refuted) }, shares }
  const worker = 'causal/refute/simulation-worker.js'
  await shareWork(thread, { worker, shares: shares.length, threads: count, take })
  return effects
}

/** Carries out shares of the simulations, or says why none can be. */
export function simulatorOf({
  wanted,
  refuted,
  estimator,
  target,
  seed,
}: SimulationPlan): ((share: SimulationShare) => Float64Array) | Refusal {
  const reestimate = makeReestimator(refuted, estimator, target, seed)
  if (isRefused(reestimate)) return reestimate
  const units = drawnUnits(refuted)
  return ({ refuter, from, to }) => {
    const { refuter: name, subsetShare } = wanted[refuter]!
    const share = subsetShare === undefined ? {} : { subsetShare }
    return simulateRefuter(name, units, reestimate, { seed, from, to, ...share })
  }
}

function sharesOf({ wanted }: SimulationPlan): SimulationShare[] {
  return wanted.flatMap(({ simulations }, refuter) =>
    Array.from({ length: Math.ceil(simulations / simulationsTogether) }, (_, part) => ({
      refuter,
      from: part * simulationsTogether,
      to: Math.min((part + 1) * simulationsTogether, simulations),
    })),
  )
}

/** How many numbers a simulation looks at, about. */
function valuesIn(refuted: RefutedUnits): number {
  switch (refuted.kind) {
    case 'adjusted':
      return refuted.units.n * refuted.units.outcomeDesign.columns.length
    case 'amounts':
    case 'linear':
      return refuted.units.n * (2 + refuted.units.instruments.length + refuted.units.controls.length)
    case 'mediated':
      return refuted.units.n * (2 + refuted.units.mediators.length + refuted.units.covariates.length)
  }
}
