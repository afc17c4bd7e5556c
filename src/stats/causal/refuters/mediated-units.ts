import { isRefused, type Refusal } from '../../refusal.ts'
import type { MediatedUnits } from '../mediation.ts'
import { selectValues } from '../trimming.ts'
import { type DrawnUnits, rowsOf } from './perturbation.ts'
import type { Reestimator } from './reestimate.ts'

/** The units as placebos change them: each may get the treatment of another one, and keeps its mediators. */
export function drawnMediated({ n, outcome }: MediatedUnits): DrawnUnits<Int32Array> {
  return { n, treatment: Int32Array.from({ length: n }, (_, unit) => unit), outcome }
}

/** An estimator that looks at mediators, run on changed units. */
export function mediatedReestimator(
  units: MediatedUnits,
  estimator: (units: MediatedUnits) => { readonly estimate: number } | Refusal,
): Reestimator<Int32Array> {
  return ({ treatment: order, outcome = units.outcome, counts, covariate }) => {
    const chosen = counts && rowsOf(counts)
    const some = (values: Float64Array): Float64Array => (chosen ? selectValues(values, chosen) : values)
    const treatment = Float64Array.from(
      { length: units.n },
      (_, unit) => units.treatment[order?.[unit] ?? unit]!,
    )
    const result = estimator({
      n: chosen ? chosen.length : units.n,
      treatment: some(treatment),
      outcome: some(outcome),
      mediators: units.mediators.map(some),
      covariates: (covariate ? [...units.covariates, covariate] : units.covariates).map(some),
    })
    return isRefused(result) ? result : result.estimate
  }
}
