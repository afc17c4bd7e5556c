import {
  isRefused,
  mergeThinStrata,
  type Refusal,
  refuse,
  type Stratum,
  stratifiedDifference,
} from '../../../stats/index.ts'
import { isRatio, outcomeArms } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { resultOf } from './means.ts'
import type { MethodEntry, MethodInput } from './method.ts'

/*
 * Averages of the effects within strata: strata that units were randomised in, or that were formed afterwards.
 */

function stratified(weights: 'fixed' | 'random'): MethodEntry {
  return {
    scales: () => ['absolute', 'relative'],
    ciKind: 'fixed_horizon',
    needs: 'strata',
    applies: (outcome, spec) => outcomeKind(outcome) !== 'quantile' && spec.strata.length > 0,
    compute: (input) => {
      const strata = strataOf(input)
      if (isRefused(strata)) return strata
      const { scale, ciLevel } = input
      // Ratios of sums cannot be joined once they are ratios.
      const kept = isRatio(input.treatment) ? { strata, merged: 0 } : mergeThinStrata(strata)
      const units = strata.reduce((sum, { treatment: t, control: c }) => sum + t.n + c.n, 0)
      const known = input.treatment.outcomeMoments.n + input.control.outcomeMoments.n
      return resultOf(stratifiedDifference(kept.strata, { scale, ciLevel, weights }), input, {
        units_left_out: known - units,
        strata: input.strata.map(({ stratum }) => stratum),
        units_per_stratum: strata.map(({ treatment, control }) => treatment.n + control.n),
        strata_joined: kept.merged,
      })
    },
  }
}

function strataOf({ strata }: MethodInput): Stratum[] | Refusal {
  if (strata.length === 0) return refuse('no stratum has units of both arms')
  const arms: Stratum[] = []
  for (const { stratum, treatment, control } of strata) {
    const pair = outcomeArms(treatment, control)
    if (isRefused(pair)) return refuse(`stratum '${stratum}': ${pair.refused}`)
    arms.push(pair)
  }
  return arms
}

export const stratifiedMethods = {
  stratified: stratified('fixed'),
  post_stratified: stratified('random'),
} as const satisfies Record<string, MethodEntry>
