import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { withIntercept } from '../regression/design.ts'
import { fitLeastSquares } from '../regression/least-squares.ts'
import { errorOfInfluence } from './effect.ts'

/** Units with instruments, row by row. */
export interface InstrumentedUnits {
  readonly n: number
  readonly outcome: Float64Array
  readonly treatment: Float64Array
  readonly instruments: readonly Float64Array[]
  readonly controls: readonly Float64Array[]
}

export interface RobustInstrumentalOptions extends InferenceOptions {
  /** Whether the variance is times n/(n − k), with as many degrees of freedom (HC1); else HC0 and the normal distribution. */
  readonly smallSample?: boolean
  /** Of each unit, from 0 on: errors of one cluster go together. */
  readonly clusters?: Int32Array
}

/**
 * Two-stage least squares with errors that hold when variances differ between units, or units come in clusters.
 *
 * The same estimate as `twoStageLeastSquares`, which needs moments only but supposes equal variances. With r the fitted treatment's
 * residual on the controls and e that of the outcome, the variance is Σ(r·e)²/(Σr·d)², for clusters of sums. Source: White (1982),
 * Econometrica 50; Wooldridge (2010), 5.2.5. Refuses instruments that do not move the treatment, and collinear columns.
 */
export function robustTwoStageLeastSquares(
  { n, outcome, treatment, instruments, controls }: InstrumentedUnits,
  { smallSample = true, clusters, ...options }: RobustInstrumentalOptions = {},
): Inference | Refusal {
  if (instruments.length === 0) return refuse('no instrument is named')
  const first = fitLeastSquares(withIntercept(n, [...controls, ...instruments]), treatment)
  if (isRefused(first)) return first
  const design = withIntercept(n, controls)
  const ofFitted = fitLeastSquares(design, first.fitted)
  if (isRefused(ofFitted)) return ofFitted
  const moved = first.fitted.map((value, unit) => value - ofFitted.fitted[unit]!)
  let [along, crossed, size] = [0, 0, 0]
  for (let unit = 0; unit < n; unit++) {
    along += moved[unit]! * treatment[unit]!
    crossed += moved[unit]! * outcome[unit]!
    size += treatment[unit]! * treatment[unit]!
  }
  if (!(along > 1e-14 * size)) return refuse('the instruments do not move the treatment')
  const effect = crossed / along
  const left = outcome.map((value, unit) => value - effect * treatment[unit]!)
  const last = fitLeastSquares(design, left)
  if (isRefused(last)) return last
  const influence = moved.map((value, unit) => (n * value * (left[unit]! - last.fitted[unit]!)) / along)
  const { stdError, degreesOfFreedom } = errorOfInfluence(influence, clusters)
  const df = n - controls.length - 2
  const isCorrected = smallSample && !clusters
  return waldInference(
    effect,
    stdError * (isCorrected ? Math.sqrt(n / df) : 1),
    isCorrected ? df : degreesOfFreedom,
    options,
  )
}
