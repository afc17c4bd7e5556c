import type { ExperimentOutcome } from '../../../core/experiment-spec.ts'
import { adjustPValues, differenceInMeans, isRefused } from '../../../stats/index.ts'
import type { ExperimentCell } from '../cell.ts'
import { isRatio } from '../data/cell-moments.ts'
import { type Finding, type HealthCheckFunction, notEvaluated, pText, verdictOfPValue } from './finding.ts'

/*
 * Whether the arms were alike before the experiment: each covariate's means are compared. The threshold is a p-value,
 * adjusted for the number of covariates and treatments (Holm); the standardised difference says how large it is.
 */

interface Compared {
  readonly outcome: string
  readonly treatment: string
  readonly covariate: string
  /** In standard deviations. */
  readonly difference: number
  readonly pValue: number
}

/** Compares the covariates of each treatment with those of the control. */
export const checkPrePeriodBalance: HealthCheckFunction = ({ spec, index, rule }) => {
  const compared = spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome) => {
      const t = index.find(outcome.name, treatment)
      const c = index.find(outcome.name, spec.control)
      return t && c ? compareCovariates(outcome, treatment, t, c) : []
    }),
  )
  if (compared.length === 0) return [notEvaluated('no outcome has a covariate from before the experiment')]
  const pValues = compared.map(({ pValue }) => pValue)
  const adjusted = adjustPValues(pValues, 'holm') as number[]
  return compared.map(({ outcome, treatment, covariate, difference, pValue }, place): Finding => {
    const observed = adjusted[place]!
    return {
      outcome,
      treatment,
      verdict: verdictOfPValue(observed, rule.threshold),
      pValue,
      observed,
      statistic: difference,
      message: `before the experiment '${covariate}' differed by ${difference.toFixed(3)} standard deviations (${pText(observed)} among ${compared.length})`,
      diagnostics: { covariate, standardised_difference: difference, p_value_adjusted: observed },
    }
  })
}

function compareCovariates(
  outcome: ExperimentOutcome,
  treatment: string,
  t: ExperimentCell,
  c: ExperimentCell,
): Compared[] {
  const first = isRatio(t) ? 2 : 1
  return t.variables.slice(first).flatMap((variable, place) => {
    const arm = ({ moments: { n, means, covariances } }: ExperimentCell) => ({
      n,
      mean: means[first + place]!,
      variance: covariances[first + place]![first + place]!,
    })
    const test = differenceInMeans(arm(t), arm(c))
    if (isRefused(test)) return []
    const difference = test.estimate / Math.sqrt((arm(t).variance + arm(c).variance) / 2)
    const covariate = outcome.covariates[place] ?? variable
    return [{ outcome: outcome.name, treatment, covariate, difference, pValue: test.pValue }]
  })
}
