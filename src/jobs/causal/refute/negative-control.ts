import { negativeControl } from '../../../stats/causal/refuters/negative-control.ts'
import { isRefused } from '../../../stats/index.ts'
import { entryOf } from '../estimators/registry.ts'
import { type Found, notEvaluated, type Tried } from './found.ts'

/** The same method on an outcome that the treatment cannot move. */
export async function negativeControlOf(tried: Tried, outcome: string): Promise<Found> {
  const { spec, data, estimator, target, headline } = tried
  const { plan } = tried.outcome
  const population =
    tried.population && data.rows && !headline.estimand.endsWith('_trimmed')
      ? {
          ...tried.population,
          units: { ...tried.population.units, outcome: data.rows.values.get(outcome)! },
        }
      : null
  if (tried.population && !population) return notEvaluated('the effect speaks of trimmed units')
  const input = { spec, data, plan, outcome, target, population }
  const [answer] = await entryOf(estimator).compute(input, estimator)
  const { result } = answer!
  if (isRefused(result)) return notEvaluated(result.refused)
  const { passes, verdict, estimate, pValue } = negativeControl('outcome', result)
  return {
    verdict: passes ? 'passes' : 'fails',
    message: `${verdict} (${outcome})`,
    ...{ newEffect: estimate, spread: result.stdError, pValue },
    diagnostics: { outcome },
  }
}
