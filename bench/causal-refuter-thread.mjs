// A thread of the causal benchmark: every refuter's simulations whose number is the thread's, modulo the number of threads.
import { workerData } from 'node:worker_threads'
import { createJiti } from 'jiti'

const { shared, refuters, simulations, threads, thread } = workerData
const jiti = createJiti(import.meta.url)
const { unitsOf } = await jiti.import('./causal-world.ts')
const { warmReestimator } = await jiti.import('../src/stats/causal/refuters/reestimate.ts')
const { simulateRefuter } = await jiti.import('../src/stats/causal/refuters/refute.ts')

const units = unitsOf(shared)
const reestimate = warmReestimator(units, { method: 'aipw' })
for (const refuter of refuters)
  for (let simulation = thread; simulation < simulations; simulation += threads)
    simulateRefuter(refuter, units, reestimate, { from: simulation, to: simulation + 1 })
