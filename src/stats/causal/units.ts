import { type Design, withIntercept } from '../regression/design.ts'

/** Units that were or were not treated, without anybody having drawn lots. */
export interface TreatedUnits {
  readonly n: number
  /** 1 for treated. */
  readonly treatment: Uint8Array
  readonly outcome: Float64Array
  /** What the propensity is modelled by, with an intercept. */
  readonly propensityDesign: Design
  /** What the outcome is modelled by within each group, with an intercept. */
  readonly outcomeDesign: Design
}

/** Whose average effect is asked for: all units', the treated ones', the others', or that of where both are likely. */
export type Target = 'ate' | 'att' | 'atc' | 'ato'

/** Units whose covariates serve both models. */
export function treatedUnits(
  treatment: Uint8Array,
  outcome: Float64Array,
  covariates: readonly Float64Array[],
): TreatedUnits {
  const design = withIntercept(outcome.length, covariates)
  return { n: outcome.length, treatment, outcome, propensityDesign: design, outcomeDesign: design }
}

/** Weight of each unit in the target population, up to a factor. */
export function targetWeights(
  { n, treatment }: Pick<TreatedUnits, 'n' | 'treatment'>,
  target: Exclude<Target, 'ato'>,
): Float64Array {
  const weights = new Float64Array(n)
  for (let unit = 0; unit < n; unit++)
    weights[unit] = target === 'ate' ? 1 : target === 'att' ? treatment[unit]! : 1 - treatment[unit]!
  return weights
}
