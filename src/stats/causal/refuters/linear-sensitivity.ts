import { studentTQuantile } from '../../distributions/student-t.ts'
import type { JointMoments } from '../../experiment/joint-moments.ts'
import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { type Refusal, refuse } from '../../refusal.ts'
import { invertProducts } from '../../regression/solve-normal.ts'
import { dot, timesVector } from '../../regression/symmetric-matrix.ts'

export interface SensitivityRoles {
  readonly outcome: number
  readonly treatment: number
  /** Covariates of the regression. */
  readonly controls: readonly number[]
}

/** What a confounder as strong as an observed covariate, or some times as strong, would do. */
export interface CovariateBenchmark {
  /** Index of the covariate among the moments' variables, and how many times as strong. */
  readonly covariate: number
  readonly times: number
  /** Partial R² of such a confounder with the treatment given the covariates, and with the outcome given both. */
  readonly withTreatment: number
  readonly withOutcome: number
  /** The estimate, its error and t statistic had it been held fixed too. */
  readonly estimate: number
  readonly stdError: number
  readonly statistic: number
}

export interface LinearSensitivity extends Inference {
  /** Share of the outcome's residual variance that treatment explains. */
  readonly partialR2: number
  /**
   * A confounder that explains this share of the residual variance of both treatment and outcome takes the whole
   * estimate away; a weaker one does not.
   */
  readonly robustnessValue: number
  /** As much of both takes its significance away. */
  readonly robustnessValueSignificance: number
  readonly benchmarks: readonly CovariateBenchmark[]
}

export interface SensitivityOptions extends InferenceOptions {
  /** Covariates to compare with; all controls if not given. */
  readonly benchmarks?: readonly number[]
  /** How many times as strong; 1, 2 and 3 if not given. */
  readonly times?: readonly number[]
  /** Part of the estimate that has to go; 1, all of it, if not given. */
  readonly share?: number
}

/**
 * How strong an unobserved confounder would have to be, for the coefficient of treatment in least squares.
 *
 * Inputs: joint moments, and which variables are what. Standard errors are classical, with n − k degrees of freedom. Source:
 * Cinelli and Hazlett (2020), JRSS B 82: partial R² eq. 9, robustness values eq. 15–19, benchmark bounds eq. 22–25 with
 * the confounder orthogonal to the covariates, as in sensemakr. A benchmark that would explain all of the treatment is left
 * out. Refuses collinear variables and too few units.
 */
export function linearSensitivity(
  moments: JointMoments,
  { outcome, treatment, controls }: SensitivityRoles,
  { benchmarks = controls, times = [1, 2, 3], share = 1, ...options }: SensitivityOptions = {},
): LinearSensitivity | Refusal {
  const onOutcome = regression(moments, outcome, [treatment, ...controls])
  if ('refused' in onOutcome) return onOutcome
  const { coefficient, stdError, df } = onOutcome.at(0)
  const result = waldInference(coefficient, stdError, df, options)
  if ('refused' in result) return result
  const statistic = Math.abs(coefficient / stdError)
  const critical = Math.abs(studentTQuantile((1 - result.ciLevel) / 2, df - 1)) / Math.sqrt(df - 1)
  const found: CovariateBenchmark[] = []
  if (benchmarks.length > 0) {
    const onTreatment = regression(moments, treatment, controls)
    if ('refused' in onTreatment) return onTreatment
    for (const covariate of benchmarks) {
      const place = controls.indexOf(covariate)
      const [withTreatment, withOutcome] = [
        onTreatment.at(place).partialR2,
        onOutcome.at(place + 1).partialR2,
      ]
      for (const strength of times) {
        const bounds = boundsOf(withTreatment, withOutcome, strength)
        if (bounds) found.push({ covariate, times: strength, ...bounds, ...adjusted(result, df, bounds) })
      }
    }
  }
  return {
    ...result,
    partialR2: statistic ** 2 / (statistic ** 2 + df),
    robustnessValue: robustnessValue((share * statistic) / Math.sqrt(df), 0),
    robustnessValueSignificance: robustnessValue((share * statistic) / Math.sqrt(df), critical),
    benchmarks: found,
  }
}

/** Eq. 19; where even a confounder that explains all of the outcome is too weak, the extreme value (2022, section 4). */
function robustnessValue(f: number, critical: number): number {
  const left = f - critical
  if (left <= 0) return 0
  if (critical > 0 && f >= 1 / critical) return (f * f - critical * critical) / (1 + f * f)
  return (Math.sqrt(left ** 4 + 4 * left ** 2) - left ** 2) / 2
}

interface Strength {
  readonly withTreatment: number
  readonly withOutcome: number
}

/** The confounder's partial R² when it is `times` as strong as a covariate with these. */
function boundsOf(treatmentR2: number, outcomeR2: number, times: number): Strength | undefined {
  const withTreatment = (times * treatmentR2) / (1 - treatmentR2)
  if (!(withTreatment < 1 && times * treatmentR2 < 1)) return undefined
  const shared = (times * treatmentR2 ** 2) / ((1 - times * treatmentR2) * (1 - treatmentR2))
  if (!(shared < 1)) return undefined
  const eta = (Math.sqrt(times) + Math.sqrt(shared)) / Math.sqrt(1 - shared)
  return { withTreatment, withOutcome: Math.min(1, (eta * eta * outcomeR2) / (1 - outcomeR2)) }
}

/** Estimate and error with a confounder that works against the estimate; eq. 13 and 14. */
function adjusted(
  { estimate, stdError }: Inference,
  df: number,
  { withTreatment, withOutcome }: Strength,
): Pick<CovariateBenchmark, 'estimate' | 'stdError' | 'statistic'> {
  const bias = Math.sqrt((withOutcome * withTreatment) / (1 - withTreatment)) * stdError * Math.sqrt(df)
  const moved = estimate > 0 ? estimate - bias : estimate + bias
  const error = Math.sqrt((1 - withOutcome) / (1 - withTreatment)) * stdError * Math.sqrt(df / (df - 1))
  return { estimate: moved, stdError: error, statistic: moved / error }
}

interface Coefficient {
  readonly coefficient: number
  readonly stdError: number
  readonly df: number
  readonly partialR2: number
}

/** Least squares from moments; what it says of each regressor. */
function regression(
  { n, covariances }: JointMoments,
  outcome: number,
  regressors: readonly number[],
): { readonly at: (place: number) => Coefficient } | Refusal {
  const df = n - regressors.length - 1
  if (!(df > 1)) return refuse(`too few units: ${n} for ${regressors.length + 1} coefficients`)
  const inverse = invertProducts(regressors.map((i) => regressors.map((j) => covariances[i]![j]! * (n - 1))))
  if ('collinear' in inverse)
    return refuse(`variable ${inverse.collinear + 1} is a combination of the others`)
  const crossed = regressors.map((i) => covariances[i]![outcome]! * (n - 1))
  const coefficients = timesVector(inverse, crossed)
  const residual = Math.max(0, covariances[outcome]![outcome]! * (n - 1) - dot(coefficients, crossed))
  return {
    at: (place) => {
      const coefficient = coefficients[place]!
      const stdError = Math.sqrt((residual / df) * inverse[place]![place]!)
      const squared = (coefficient / stdError) ** 2
      return { coefficient, stdError, df, partialR2: squared / (squared + df) }
    },
  }
}
