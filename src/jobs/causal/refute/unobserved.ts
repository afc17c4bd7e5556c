import { simulateUnobserved } from '../../../stats/causal/refuters/unobserved-confounder.ts'
import { isRefused } from '../../../stats/index.ts'
import { amountOf, percentOf } from '../causal-words.ts'
import { type Found, notEvaluated, type Tried } from './found.ts'
import { makeReestimator } from './make-reestimator.ts'

/** What the estimate would be with a further common cause of given strengths. */
export function unobservedOf(
  { spec, population, estimator, target, headline }: Tried,
  strengths: readonly number[],
): Found {
  if (!population) return notEvaluated('the estimate rests on sums')
  const reestimate = makeReestimator(population.units, estimator, target)
  if (isRefused(reestimate)) return notEvaluated(reestimate.refused)
  const estimate = headline.estimate!
  const result = simulateUnobserved(population.units, estimate, reestimate, { strengths, seed: spec.seed })
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
