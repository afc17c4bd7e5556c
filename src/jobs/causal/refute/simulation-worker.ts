import { parentPort, workerData } from 'node:worker_threads'
import { isRefused } from '../../../stats/index.ts'
import { makeReestimator } from './make-reestimator.ts'
import { type SimulationThread, simulateShare } from './simulate-in-threads.ts'

/* A thread that takes shares of simulations until none is left. */

const { plan, shares, next } = workerData as SimulationThread
const reestimate = makeReestimator(plan.units, plan.estimator, plan.target)
if (isRefused(reestimate)) throw new Error(reestimate.refused)
for (let index = Atomics.add(next, 0, 1); index < shares.length; index = Atomics.add(next, 0, 1))
  parentPort!.postMessage({ index, effects: simulateShare(plan, shares[index]!, reestimate) })
