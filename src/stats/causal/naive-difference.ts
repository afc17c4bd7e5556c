import { type Refusal, refuse } from '../refusal.ts'
import { type CausalEffect, type EffectOptions, effectOf, type PotentialMean } from './effect.ts'
import type { TreatedUnits } from './units.ts'

/**
 * The difference of the two groups as they are, which is what a plain look at the data says: stands beside every estimate.
 *
 * Its standard error is that of the means, Σ(y − ȳ)²/n² in each group (HC0: Welch's with n instead of n − 1). Refuses a
 * group without units.
 */
export function naiveDifference(
  units: Pick<TreatedUnits, 'n' | 'treatment' | 'outcome'>,
  options: EffectOptions = {},
): CausalEffect | Refusal {
  const [treated, control] = [groupMean(units, 1), groupMean(units, 0)]
  if (Number.isNaN(treated.mean)) return refuse('no unit is treated')
  if (Number.isNaN(control.mean)) return refuse('every unit is treated')
  return effectOf(treated, control, options)
}

function groupMean(
  { n, treatment, outcome }: Pick<TreatedUnits, 'n' | 'treatment' | 'outcome'>,
  group: 0 | 1,
): PotentialMean {
  let [size, mean] = [0, 0]
  for (let unit = 0; unit < n; unit++) if (treatment[unit] === group) mean += (outcome[unit]! - mean) / ++size
  if (size === 0) return { mean: Number.NaN, influence: new Float64Array(n) }
  const influence = outcome.map((value, unit) =>
    treatment[unit] === group ? ((value - mean) * n) / size : 0,
  )
  return { mean, influence }
}
