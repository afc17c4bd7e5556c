import type { WeightRow } from '../../core/experiment-tables.ts'
import { banditAllocation, isRefused } from '../../stats/index.ts'
import { wholePopulation } from './data/cell-index.ts'
import { outcomeArm } from './data/cell-moments.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import type { Analysis } from './method-input.ts'

/** A bandit's row without the fields that all rows of a job share. */
export type WeightFinding = Omit<WeightRow, 'job' | 'runId' | 'asOf'>

/**
 * What a bandit gives each arm next, by its goal's means. Where the data cannot be trusted or an arm has no units to
 * tell from, the weights stay as they are.
 */
export function banditWeights({ spec, index }: Analysis, health: readonly HealthFinding[]): WeightFinding[] {
  const { bandit } = spec
  if (!bandit) return []
  const arms = [spec.control, ...spec.treatments]
  const outcome = spec.outcomes.find(({ name }) => name === bandit.goal)
  const cells = arms.map((arm) => index.find(bandit.goal, arm))
  const beliefs = cells.map((cell) => {
    const moments = cell && outcomeArm(cell)
    if (!moments || isRefused(moments)) return { mean: Number.NaN, stdError: Number.NaN }
    return { mean: moments.mean, stdError: Math.sqrt(moments.variance / moments.n) }
  })
  const untrusted = spec.treatments.some(
    (treatment) => refusalFor(health, { ...wholePopulation, outcome: bandit.goal, treatment }) !== null,
  )
  const { algorithm, floor } = bandit
  const allocation = banditAllocation(beliefs, { algorithm, floor, better: outcome?.better ?? 'higher' })
  const sum = arms.reduce((total, arm) => total + (spec.expectedWeights[arm] ?? 0), 0)
  return arms.map((arm, place) => {
    const previousWeight = (spec.expectedWeights[arm] ?? 0) / sum
    const n = cells[place]?.outcomeMoments.n ?? 0
    if (untrusted || isRefused(allocation))
      return { arm, weight: previousWeight, probabilityBest: 1 / arms.length, previousWeight, n }
    const { weight, probabilityBest } = allocation[place]!
    return { arm, weight, probabilityBest, previousWeight, n }
  })
}
