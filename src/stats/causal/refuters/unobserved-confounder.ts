import { makeRandom } from '../../random/philox.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { fitLeastSquares } from '../../regression/least-squares.ts'
import type { TreatedUnits } from '../units.ts'
import type { Reestimator } from './reestimate.ts'

/** How strong a confounder is: partial R² with the treatment given the covariates, with the outcome given both. */
export interface ConfounderStrength {
  readonly withTreatment: number
  readonly withOutcome: number
}

/** The estimate had a confounder of this strength been observed. */
export interface ConfoundedEffect extends ConfounderStrength {
  readonly estimate: number
}

/**
 * Draws the values of confounders that nobody observed, as strong as asked for, working against (or for) the estimate.
 *
 * With t̃ the treatment's residual on the covariates and ỹ the outcome's on both, each of variance 1, and ε drawn, it is
 * √r_t·t̃ ± √(r_y(1 − r_t))·ỹ + √((1 − r_t)(1 − r_y))·ε, which has those two partial R². Source: the parametrisation of
 * Cinelli and Hazlett (2020) drawn as in Imbens (2003), "Sensitivity to exogeneity assumptions". Refuses collinear
 * covariates and a treatment or outcome that they determine.
 */
export function confounderSource(
  { n, treatment, outcome, outcomeDesign }: TreatedUnits,
  { seed = 1 }: { readonly seed?: number } = {},
): ((strength: ConfounderStrength, sign: 1 | -1) => Float64Array) | Refusal {
  const treated = Float64Array.from(treatment)
  const ofTreatment = residuals(fitLeastSquares(outcomeDesign, treated), treated)
  if (isRefused(ofTreatment)) return ofTreatment
  const both = { n, columns: [...outcomeDesign.columns, treated] }
  const ofOutcome = residuals(fitLeastSquares(both, outcome), outcome)
  if (isRefused(ofOutcome)) return ofOutcome
  return ({ withTreatment, withOutcome }, sign) => {
    const random = makeRandom(seed)
    const a = Math.sqrt(withTreatment)
    const b = sign * Math.sqrt(withOutcome * (1 - withTreatment))
    const c = Math.sqrt((1 - withTreatment) * (1 - withOutcome))
    const values = new Float64Array(n)
    for (let unit = 0; unit < n; unit++)
      values[unit] = a * ofTreatment.values[unit]! + b * ofOutcome.values[unit]! + c * random.normal()
    return values
  }
}

/** Residuals in standard deviations. */
function residuals(
  fit: ReturnType<typeof fitLeastSquares>,
  values: Float64Array,
): { readonly values: Float64Array } | Refusal {
  if (isRefused(fit)) return fit
  const left = values.map((value, unit) => value - fit.fitted[unit]!)
  const squares = left.reduce((sum, value) => sum + value * value, 0)
  if (!(squares > 0)) return refuse('the covariates determine treatment or outcome')
  const deviation = Math.sqrt(squares / left.length)
  return { values: left.map((value) => value / deviation) }
}

/** Strengths that are tried where none are stated. */
export const defaultStrengths: readonly number[] = [0.01, 0.05, 0.1, 0.2, 0.3]

export interface UnobservedConfounder {
  /** Every combination of the strengths, the confounder working against the estimate. */
  readonly effects: readonly ConfoundedEffect[]
  /** The smallest equal strength with both at which the estimate is gone or has changed its sign, if one of those tried. */
  readonly overturning: number | undefined
}

/**
 * What the estimate would be, had a confounder of each strength been observed and held fixed.
 *
 * Refuses what `confounderSource` and the estimator refuse.
 */
export function simulateUnobserved(
  units: TreatedUnits,
  estimate: number,
  reestimate: Reestimator,
  {
    strengths = defaultStrengths,
    seed = 1,
  }: { readonly strengths?: readonly number[]; readonly seed?: number } = {},
): UnobservedConfounder | Refusal {
  const source = confounderSource(units, { seed })
  if (isRefused(source)) return source
  const effects: ConfoundedEffect[] = []
  for (const withTreatment of strengths)
    for (const withOutcome of strengths) {
      const strength = { withTreatment, withOutcome }
      const result = reestimate({ covariate: source(strength, estimate >= 0 ? 1 : -1) })
      if (typeof result !== 'number') return result
      effects.push({ ...strength, estimate: result })
    }
  const overturning = effects
    .filter((effect) => effect.withTreatment === effect.withOutcome && effect.estimate * estimate <= 0)
    .map(({ withTreatment }) => withTreatment)
  return { effects, overturning: overturning.length > 0 ? Math.min(...overturning) : undefined }
}
