import { fQuantile, fSf } from '../distributions/beta.ts'
import type { JointMoments } from '../experiment/joint-moments.ts'
import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { invertProducts } from '../regression/solve-normal.ts'
import { dot, quadraticForm, timesMatrix, timesVector } from '../regression/symmetric-matrix.ts'

/** Which variables of the moments are what, by index. */
export interface InstrumentalRoles {
  readonly outcome: number
  readonly treatment: number
  readonly instruments: readonly number[]
  /** Covariates held fixed. */
  readonly controls: readonly number[]
}

export interface InstrumentalEffect extends Inference {
  /** How strongly the instruments move the treatment, beyond the controls; below 10 they are weak (Staiger, Stock 1997). */
  readonly firstStageF: number
  /** Whether least squares would say something else: F statistic and p-value of Durbin, Wu and Hausman. */
  readonly wuHausmanF: number
  readonly wuHausmanPValue: number
  /**
   * Values of the effect that the Anderson–Rubin test does not reject, valid however weak the instruments: an interval,
   * everything outside of one, the whole line, or nothing.
   */
  readonly andersonRubin: ConfidenceSet
  /** Least squares with the same controls, beside it. */
  readonly leastSquares: number
}

export type ConfidenceSet =
  | { readonly kind: 'interval'; readonly lower: number; readonly upper: number }
  | { readonly kind: 'outside'; readonly lower: number; readonly upper: number }
  | { readonly kind: 'line' }
  | { readonly kind: 'empty' }

/**
 * Two-stage least squares for one treatment, from the joint moments of all variables: with one instrument, the Wald
 * ratio. Intercepts are implied. The standard error supposes equal variances, with n − k degrees of freedom.
 *
 * Source: Theil (1953); Wooldridge (2010), "Econometric analysis", 5.2; Anderson and Rubin (1949); Wu (1973), T2.
 * Refuses instruments that do not move the treatment, and collinear variables.
 */
export function twoStageLeastSquares(
  moments: JointMoments,
  { outcome, treatment, instruments, controls }: InstrumentalRoles,
  options: InferenceOptions = {},
): InstrumentalEffect | Refusal {
  if (instruments.length === 0) return refuse('no instrument is named')
  const n = moments.n
  const products = (rows: readonly number[], columns: readonly number[]): number[][] =>
    rows.map((i) => columns.map((j) => moments.covariances[i]![j]! * (n - 1)))
  const partial = partialProducts(products, [outcome, treatment, ...instruments], controls)
  if ('refused' in partial) return partial
  const [yy, yd, dd] = [partial[0]![0]!, partial[0]![1]!, partial[1]![1]!]
  const places = instruments.map((_, index) => index + 2)
  const zz = places.map((i) => places.map((j) => partial[i]![j]!))
  const inverse = invertProducts(zz)
  if ('collinear' in inverse)
    return refuse(`instrument ${inverse.collinear + 1} is a combination of the others`)
  const [zy, zd] = [places.map((i) => partial[i]![0]!), places.map((i) => partial[i]![1]!)]
  // What instruments explain of the two and of both together.
  const [explainedD, explainedY] = [quadraticForm(inverse, zd), quadraticForm(inverse, zy)]
  const explainedBoth = dot(zd, timesVector(inverse, zy))
  const width = instruments.length
  const firstStageDf = n - controls.length - 1 - width
  if (!(explainedD > 1e-14 * dd)) return refuse('the instruments do not move the treatment')
  const firstStageF = explainedD / width / ((dd - explainedD) / firstStageDf)
  const effect = explainedBoth / explainedD
  const residual = yy - 2 * effect * yd + effect * effect * dd
  const df = n - controls.length - 2
  const result = waldInference(effect, Math.sqrt(residual / df / explainedD), df, options)
  if ('refused' in result) return result
  const hausman = wuHausman({ yy, yd, dd, explainedBoth, explainedD, df: df - 1 })
  return {
    ...result,
    firstStageF,
    ...hausman,
    andersonRubin: andersonRubin(
      { yy, yd, dd, explainedY, explainedBoth, explainedD },
      width,
      firstStageDf,
      result.ciLevel,
    ),
    leastSquares: yd / dd,
  }
}

type Products = (rows: readonly number[], columns: readonly number[]) => number[][]

/** Products of the variables once what the controls say of them is taken out (Frisch, Waugh, Lovell). */
function partialProducts(
  products: Products,
  variables: readonly number[],
  controls: readonly number[],
): number[][] | Refusal {
  const whole = products(variables, variables)
  if (controls.length === 0) return whole
  const inverse = invertProducts(products(controls, controls))
  if ('collinear' in inverse) return refuse(`control ${inverse.collinear + 1} is a combination of the others`)
  const cross = products(variables, controls)
  const explained = timesMatrix(
    timesMatrix(cross, inverse),
    cross[0]!.map((_, j) => cross.map((row) => row[j]!)),
  )
  return whole.map((row, i) => row.map((value, j) => value - explained[i]![j]!))
}

interface Explained {
  readonly yy: number
  readonly yd: number
  readonly dd: number
  readonly explainedBoth: number
  readonly explainedD: number
}

/** The first stage's residual added to least squares: does it have a coefficient? */
function wuHausman({ yy, yd, dd, explainedBoth, explainedD, df }: Explained & { readonly df: number }): {
  readonly wuHausmanF: number
  readonly wuHausmanPValue: number
} {
  // Regressors d and v = d − d̂: the sum of squares that v adds to d alone.
  const [yv, dv] = [yd - explainedBoth, dd - explainedD]
  const restV = dv - (dv * dv) / dd
  const restYv = yv - (yd * dv) / dd
  const added = (restYv * restYv) / restV
  const residual = yy - (yd * yd) / dd - added
  const wuHausmanF = added / (residual / df)
  return { wuHausmanF, wuHausmanPValue: fSf(wuHausmanF, 1, df) }
}

/** Where a quadratic in the effect is not above the critical value of the test. */
function andersonRubin(
  { yy, yd, dd, explainedY, explainedBoth, explainedD }: Explained & { readonly explainedY: number },
  width: number,
  df: number,
  ciLevel: number,
): ConfidenceSet {
  const limit = (fQuantile(ciLevel, width, df) * width) / df
  // explained(b) ≤ limit·unexplained(b), both of y − b·d.
  const a = explainedD - limit * (dd - explainedD)
  const b = explainedBoth - limit * (yd - explainedBoth)
  const c = explainedY - limit * (yy - explainedY)
  const root = Math.sqrt(b * b - a * c)
  if (Number.isNaN(root)) return a > 0 ? { kind: 'empty' } : { kind: 'line' }
  const [lower, upper] = [(b - root) / a, (b + root) / a].toSorted((x, y) => x - y) as [number, number]
  return { kind: a > 0 ? 'interval' : 'outside', lower, upper }
}
