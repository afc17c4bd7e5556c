import type { ExperimentOutcome } from '../../../core/experiment-spec.ts'
import type { TopShare } from '../data/evidence.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import {
  count,
  type Finding,
  type HealthCheckFunction,
  notEvaluated,
  percent,
  verdictOfShare,
} from './finding.ts'

/*
 * How much hangs on few units. Outliers: the 0.1 % of units with most. Bots: units that lie ten times beyond the
 * 99th percentile, which no person does. Thresholds are shares of the outcome's total; outcomes that are
 * capped are looked at after the cap.
 */

/** Share of the total that the top 0.1 % hold, and what the lift would be without them. */
export const checkOutlierInfluence: HealthCheckFunction = ({ spec, evidence, rule }) =>
  perOutcome(spec.outcomes, evidence.tops, (outcome, tops): Finding[] =>
    spec.treatments.map((treatment) => {
      const t = tops.find(({ arm }) => arm === treatment)
      const c = tops.find(({ arm }) => arm === spec.control)
      if (!t || !c) return { ...notEvaluated('an arm has no units'), outcome, treatment }
      const observed = (t.topTotal + c.topTotal) / (t.total + c.total)
      const withAll = lift(t, c, false)
      const without = lift(t, c, true)
      return {
        outcome,
        treatment,
        observed,
        statistic: without - withAll,
        verdict: verdictOfShare(observed, rule.threshold),
        message: `the 0.1 % of units with most hold ${percent(observed)} of the total; the lift is ${percent(withAll)} with them and ${percent(without)} without`,
        diagnostics: { lift: withAll, lift_without_top: without, top_units: t.topUnits + c.topUnits },
      }
    }),
  )

/** Share of the total that units hold whose activity no person could have. */
export const checkBotLikeUnits: HealthCheckFunction = ({ spec, evidence, rule }) =>
  perOutcome(spec.outcomes, evidence.tops, (outcome, tops): Finding[] => {
    const sum = (field: 'extremeUnits' | 'extremeTotal' | 'total') =>
      tops.reduce((total, one) => total + one[field], 0)
    const units = sum('extremeUnits')
    const observed = sum('extremeTotal') / sum('total')
    return [
      {
        outcome,
        observed,
        statistic: units,
        verdict: verdictOfShare(observed, rule.threshold),
        message:
          units === 0
            ? 'no unit lies ten times beyond the 99th percentile'
            : `${count(units)} units lie ten times beyond the 99th percentile and hold ${percent(observed)} of the total`,
        diagnostics: Object.fromEntries(tops.map((one) => [one.arm, one.extremeUnits])),
      },
    ]
  })

function perOutcome(
  outcomes: readonly ExperimentOutcome[],
  tops: readonly TopShare[],
  find: (outcome: string, tops: readonly TopShare[]) => Finding[],
): Finding[] {
  const found = outcomes
    .filter((outcome) => ['mean', 'ratio'].includes(outcomeKind(outcome)))
    .flatMap(({ name }) => {
      const own = tops.filter(({ outcome }) => outcome === name)
      if (own.length === 0) return []
      if (!(own.reduce((sum, { total }) => sum + total, 0) > 0))
        return [{ ...notEvaluated('the total is not positive: there are no shares of it'), outcome: name }]
      return find(name, own)
    })
  return found.length > 0 ? found : [notEvaluated('no outcome is a number whose extremes could matter')]
}

function lift(t: TopShare, c: TopShare, withoutTop: boolean): number {
  const mean = ({ units, total, topUnits, topTotal }: TopShare) =>
    withoutTop ? (total - topTotal) / (units - topUnits) : total / units
  return mean(t) / mean(c) - 1
}
