import { type Refusal, refuse } from '../refusal.ts'

/** Values with how often each stands there. */
export interface WeightedValues {
  readonly values: readonly number[]
  readonly weights: readonly number[]
}

/**
 * The first Wasserstein distance, in the unit of the values: how far the rows of one sample have to be moved, on average,
 * to become the other, ∫|F − G|. Inputs need no order. Refuses a sample without rows. Source: Vallender (1974), eq. 1.
 */
export function wassersteinDistance(reference: WeightedValues, current: WeightedValues): number | Refusal {
  const steps = [...stepsOf(reference, 1), ...stepsOf(current, -1)].sort((a, b) => a.value - b.value)
  if (steps.some(({ step }) => !Number.isFinite(step))) return refuse('a sample has no rows')
  let [distance, difference] = [0, 0]
  for (const [index, { value, step }] of steps.entries()) {
    if (index > 0) distance += Math.abs(difference) * (value - steps[index - 1]!.value)
    difference += step
  }
  return distance
}

function stepsOf({ values, weights }: WeightedValues, sign: number) {
  const total = weights.reduce((all, weight) => all + weight, 0)
  if (!(total > 0)) return [{ value: 0, step: Number.NaN }]
  return values.flatMap((value, index) =>
    weights[index]! > 0 ? [{ value, step: (sign * weights[index]!) / total }] : [],
  )
}
