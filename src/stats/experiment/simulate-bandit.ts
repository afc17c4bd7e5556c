import { makeRandom } from '../random/philox.ts'
import type { Random } from '../random/random.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { type BanditOptions, banditAllocation } from './bandit-allocation.ts'

/** A bandit to play out. */
export interface BanditSimulation extends BanditOptions {
  /** True means of the arms, and the standard deviation of the outcome in all of them. */
  readonly means: readonly number[]
  readonly sd: number
  readonly batches: number
  readonly unitsPerBatch: number
  readonly seed: number
}

/** How a bandit went. */
export interface BanditRun {
  /** Units of each arm in all. */
  readonly units: readonly number[]
  /** Weights with which the last batch was spread. */
  readonly weights: readonly number[]
  /** Regret after each batch: what the best arm's mean would have brought more, in expectation. */
  readonly cumulativeRegret: readonly number[]
}

/**
 * Plays a bandit of normal outcomes, batch by batch, with equal weights in the first.
 *
 * The same seed gives the same run. Refuses fewer than two arms, outcomes without spread, no batches, and what
 * `banditAllocation` does.
 */
export function simulateBandit(simulation: BanditSimulation): BanditRun | Refusal {
  const { means, sd, batches, unitsPerBatch, seed, better = 'higher' } = simulation
  const arms = means.length
  if (!(arms >= 2 && sd > 0 && batches >= 1 && unitsPerBatch >= 2 * arms))
    return refuse('a bandit needs two arms, a spread, a batch, and two units of each arm in it')
  const random = makeRandom(seed)
  const top = better === 'higher' ? Math.max(...means) : Math.min(...means)
  const units = new Array<number>(arms).fill(0)
  const sums = new Array<number>(arms).fill(0)
  const cumulativeRegret: number[] = []
  let weights: readonly number[] = means.map(() => 1 / arms)
  let regret = 0
  for (let batch = 0; batch < batches; batch++) {
    for (const [arm, count] of spread(random, unitsPerBatch, weights, batch === 0).entries()) {
      units[arm]! += count
      sums[arm]! += count * means[arm]! + Math.sqrt(count) * sd * random.normal()
      regret += count * Math.abs(top - means[arm]!)
    }
    cumulativeRegret.push(regret)
    if (batch === batches - 1) break
    const beliefs = units.map((n, arm) => ({ mean: sums[arm]! / n, stdError: sd / Math.sqrt(n) }))
    const next = banditAllocation(beliefs, simulation)
    if (isRefused(next)) return next
    weights = next.map(({ weight }) => weight)
  }
  return { units, weights, cumulativeRegret }
}

/** Units to arms, at random; evenly in the first batch, so that every arm is known of. */
function spread(random: Random, total: number, weights: readonly number[], evenly: boolean): number[] {
  let left = total
  let share = 1
  return weights.map((weight, arm) => {
    const isLast = arm === weights.length - 1
    const count = isLast
      ? left
      : evenly
        ? Math.round(total / weights.length)
        : random.binomial(left, Math.min(1, weight / share))
    left -= count
    share = Math.max(share - weight, 1e-300)
    return count
  })
}
