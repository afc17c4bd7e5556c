import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { type ArmBelief, bestArm } from './best-arm.ts'

/** Options of `banditAllocation`. */
export interface BanditOptions {
  /**
   * 'thompson': as often as an arm is the best. 'top_two': half of that and half as often as it is the second best,
   * which learns faster which of the leaders is better. 'top_two_resampled': Thompson's draw, or with probability ½ the first other arm
   * that further draws favour (Russo 2020).
   */
  readonly algorithm: 'thompson' | 'top_two' | 'top_two_resampled'
  /** Least share of an arm; 0 if not given. */
  readonly floor?: number
  /** Which mean is best; 'higher' if not given. */
  readonly better?: 'higher' | 'lower'
}

/** What an arm is given next. */
export interface ArmAllocation {
  readonly probabilityBest: number
  readonly probabilitySecond: number
  /** What is expected to be lost by taking this arm alone instead of the best: E[max] − E[arm]. */
  readonly expectedLoss: number
  readonly weight: number
}

/**
 * The shares that a bandit gives its arms next, from what is believed of their means; by quadrature and not by sampling.
 *
 * Inputs: independent posteriors, all normal or all beta. Returns probabilities that sum to 1 over the arms, and weights
 * f + (1 − K·f)·w with floor f, which do too. Refuses what `bestArm` does and a floor that the arms cannot all have.
 * Source: Thompson (1933), Biometrika 25; Chapelle and Li (2011), NIPS; 'top_two_resampled' Russo (2020), Operations
 * Research 68, by α_i[½ + ½Σ_{j≠i} α_j/(1 − α_j)] in place of its draws.
 */
export function banditAllocation(
  arms: readonly ArmBelief[],
  { algorithm, floor = 0, better = 'higher' }: BanditOptions,
): ArmAllocation[] | Refusal {
  if (!(floor >= 0 && floor * arms.length <= 1))
    return refuse(`${arms.length} arms cannot have ${floor} each`)
  const result = bestArm(arms, better)
  if (isRefused(result)) return result
  const best = shares(result.best)
  const second = shares(result.second)
  const wanted = shares(wantedShares(algorithm, best, second))
  return arms.map((_, arm) => ({
    probabilityBest: best[arm]!,
    probabilitySecond: second[arm]!,
    expectedLoss: result.expectedLoss[arm]!,
    weight: floor + (1 - arms.length * floor) * wanted[arm]!,
  }))
}

function wantedShares(
  algorithm: BanditOptions['algorithm'],
  best: readonly number[],
  second: readonly number[],
): readonly number[] {
  switch (algorithm) {
    case 'thompson':
      return best
    case 'top_two':
      return best.map((probability, arm) => (probability + second[arm]!) / 2)
    case 'top_two_resampled':
      return best.map((probability, arm) => {
        // Where an arm is certain, its challenger is whoever comes second.
        const challenges = best.map((other, index) => {
          if (index === arm) return 0
          const rest = 1 - other
          return rest > 1e-12 ? (other * probability) / rest : other * second[arm]!
        })
        return (probability + challenges.reduce((sum, value) => sum + value, 0)) / 2
      })
  }
}

/** Takes away what quadrature has left. */
function shares(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0)
  return values.map((value) => value / sum)
}
