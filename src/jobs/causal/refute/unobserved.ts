import { simulateUnobserved } from '../../../stats/causal/refuters/unobserved-confounder.ts'
import { isRefused } from '../../../stats/index.ts'
import { amountOf, percentOf } from '../causal-words.ts'
import { type Found, notEvaluated, type Tried } from './found.ts'
import { makeReestimator } from './make-reestimator.ts'
import { refutedUnits } from './refuted-units.ts'

/** What the estimate would be with a further common cause of given strengths. */
export function unobservedOf(tried: Tried, strengths: readonly number[]): Found {
  const { spec, estimator, target, headline } = tried
  const refuted = refutedUnits(tried)
  if (isRefused(refuted)) return notEvaluated(refuted.refused)
  if (refuted.kind !== 'adjusted')
    return notEvaluated('a common cause is simulated for methods that adjust for covariates, of two groups')
  const reestimate = makeReestimator(refuted, estimator, target, spec.seed)
  if (isRefused(reestimate)) return notEvaluated(reestimate.refused)
  const estimate = headline.estimate!
  const result = simulateUnobserved(refuted.units, estimate, reestimate, { strengths, seed: spec.seed })
  if (isRefused(result)) return notEvaluated(result.refused)
  const { effects, overturning } = result
  const strongest = Math.max(...strengths)
  const worst = effects.find((one) => one.withTreatment === strongest && one.withOutcome === strongest)!
  const message =
    overturning === undefined
      ? `informs: a common cause that explains ${percentOf(strongest)} of what is left of both leaves ${amountOf(worst.estimate)} of ${amountOf(estimate)}`
      : `informs: a common cause that explains ${percentOf(overturning)} of what is left of both takes the effect away`
  return {
    ...{ verdict: 'informs', message, newEffect: worst.estimate, simulations: effects.length },
    diagnostics: {
      overturning: overturning ?? null,
      effects: effects.map((one) => ({
        with_treatment: one.withTreatment,
        with_outcome: one.withOutcome,
        estimate: one.estimate,
      })),
    },
  }
}
