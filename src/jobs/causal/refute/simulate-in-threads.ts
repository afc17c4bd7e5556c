import { Worker } from 'node:worker_threads'
import type { CausalEstimand, CausalEstimator } from '../../../core/causal-spec.ts'
import type { SimulatedRefuter } from '../../../stats/causal/refuters/perturbation.ts'
import { simulateRefuter } from '../../../stats/causal/refuters/refute.ts'
import type { TreatedUnits } from '../../../stats/causal/units.ts'
import { isRefused, type Refusal } from '../../../stats/index.ts'
import { makeReestimator } from './make-reestimator.ts'

/** Simulations of one refuter. */
export interface Simulations {
  readonly refuter: SimulatedRefuter
  readonly simulations: number
  readonly subsetShare?: number
}

/** What is simulated, as plain data that threads are given. */
export interface SimulationPlan {
  readonly units: TreatedUnits
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
  /** The place of the next share; all threads count it up. */
  readonly next: Int32Array
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
  const work = plan.units.n * plan.units.outcomeDesign.columns.length * shares.length * simulationsTogether
  const count = work < worthThreads ? 1 : Math.min(threads, shares.length)
  const take = (index: number, found: Float64Array): void => {
    const { refuter, from } = shares[index]!
    effects[refuter]!.set(found, from)
  }
  if (count <= 1) {
    const reestimate = makeReestimator(plan.units, plan.estimator, plan.target)
    if (isRefused(reestimate)) return reestimate
    for (const [index, share] of shares.entries()) take(index, simulateShare(plan, share, reestimate))
    return effects
  }
  const reestimate = makeReestimator(plan.units, plan.estimator, plan.target)
  if (isRefused(reestimate)) return reestimate
  const next = new Int32Array(new SharedArrayBuffer(4))
  const thread: SimulationThread = { plan: { ...plan, units: shared(plan.units) }, shares, next }
  const workers = Array.from({ length: count }, () => startWorker(thread, take))
  try {
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  }
  return effects
}

/** The effects of one share. */
export function simulateShare(
  { wanted, units, seed }: SimulationPlan,
  { refuter, from, to }: SimulationShare,
  reestimate: Exclude<ReturnType<typeof makeReestimator>, Refusal>,
): Float64Array {
  const { refuter: name, subsetShare } = wanted[refuter]!
  return simulateRefuter(name, units, reestimate, {
    ...{ seed, from, to },
    ...(subsetShare !== undefined && { subsetShare }),
  })
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

/** The same numbers where all threads see them. */
function shared(units: TreatedUnits): TreatedUnits {
  const numbers = (values: Float64Array): Float64Array => {
    const copy = new Float64Array(new SharedArrayBuffer(values.byteLength))
    copy.set(values)
    return copy
  }
  const outcomeDesign = { n: units.n, columns: units.outcomeDesign.columns.map(numbers) }
  const treatment = new Uint8Array(new SharedArrayBuffer(units.treatment.byteLength))
  treatment.set(units.treatment)
  return {
    ...{ n: units.n, treatment, outcome: numbers(units.outcome), outcomeDesign },
    propensityDesign:
      units.propensityDesign === units.outcomeDesign
        ? outcomeDesign
        : { n: units.n, columns: units.propensityDesign.columns.map(numbers) },
  }
}

function startWorker(
  workerData: SimulationThread,
  take: (index: number, effects: Float64Array) => void,
): { readonly worker: Worker; readonly ended: Promise<void> } {
  // The same file from source, in dist/ and in the bundle: threads run what is built.
  const worker = new Worker(
    new URL('../../../../dist/jobs/causal/refute/simulation-worker.js', import.meta.url),
    {
      workerData,
    },
  )
  worker.on('message', ({ index, effects }: { index: number; effects: Float64Array }) => take(index, effects))
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a thread of refuters ended with code ${code}`)),
    )
  })
  return { worker, ended }
}
