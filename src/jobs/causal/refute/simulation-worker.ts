import { isRefused } from '../../../stats/index.ts'
import { doShares } from '../../threads/do-shares.ts'
import { type SimulationThread, simulatorOf } from './simulate-in-threads.ts'

/* A thread that does shares of the simulations. */

await doShares(({ plan, shares }: SimulationThread) => {
  const simulate = simulatorOf(plan)
  if (isRefused(simulate)) throw new Error(simulate.refused)
  return (index) => simulate(shares[index]!)
})
