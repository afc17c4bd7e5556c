import type { ExperimentOutcome } from '../../../core/experiment-spec.ts'
import {
  adjustPValues,
  differenceInMeans,
  type Inference,
  isRefused,
  mergeThinStrata,
  type Refusal,
  refuse,
  stratifiedDifference,
} from '../../../stats/index.ts'
import type { ExperimentCell } from '../cell.ts'
import { wholePopulation } from '../data/cell-index.ts'
import { isRatio } from '../data/cell-moments.ts'
import { clusteredDifference } from './clustered-difference.ts'
import {
  type Finding,
  type HealthCheckFunction,
  type HealthInput,
  notEvaluated,
  pText,
  verdictOfPValue,
} from './finding.ts'

/*
 * Whether the arms were alike before the experiment: each covariate's means are compared. The threshold is a p-value,
 * adjusted for the number of covariates and treatments (Holm); the standardised difference says how large it is. Where
 * clusters were given the arms, the means are compared by them.
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
export const checkPrePeriodBalance: HealthCheckFunction = (input) => {
  const { spec, index, isByCluster, rule } = input
  const found = spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome) => {
      // Where weights differ between strata, arms are to be alike within them only.
      const places = spec.stratumWeights ? index.strata.map((stratum) => ({ stratum })) : [{}]
      const pairs = places.flatMap((place) => {
        const t = index.find(outcome.name, treatment, wholePopulation, place)
        const c = index.find(outcome.name, spec.control, wholePopulation, place)
        return t && c ? [{ t, c }] : []
      })
      return pairs.length === 0 ? [] : compareCovariates(input, outcome, treatment, pairs)
    }),
  )
  const compared = found.flatMap((one) => ('refused' in one ? [] : [one]))
  if (compared.length === 0) {
    const refusal = found.find((one) => 'refused' in one)
    return [notEvaluated(refusal?.refused ?? 'no outcome has a covariate from before the experiment')]
  }
  const pValues = compared.map(({ pValue }) => pValue)
  const adjusted = adjustPValues(pValues, 'holm')
  if (isRefused(adjusted)) return [notEvaluated(adjusted.refused)]
  return compared.map(({ outcome, treatment, covariate, difference, pValue }, place): Finding => {
    const observed = adjusted[place]!
    return {
      outcome,
      treatment,
      verdict: verdictOfPValue(observed, rule.threshold),
      pValue,
      observed,
      statistic: difference,
      message: `before the experiment '${covariate}' differed by ${difference.toFixed(3)} standard deviations (${pText(observed)}${isByCluster ? ' by clusters,' : ''} among ${compared.length})`,
      diagnostics: { covariate, standardised_difference: difference, p_value_adjusted: observed },
    }
  })
}

function compareCovariates(
  input: HealthInput,
  outcome: ExperimentOutcome,
  treatment: string,
  pairs: readonly { readonly t: ExperimentCell; readonly c: ExperimentCell }[],
): (Compared | Refusal)[] {
  const { t } = pairs[0]!
  const first = isRatio(t) ? 2 : 1
  return t.variables.slice(first).map((variable, place) => {
    const arm = ({ moments: { n, means, covariances } }: ExperimentCell) => ({
      n,
      mean: means[first + place]!,
      variance: covariances[first + place]![first + place]!,
    })
    const strata = pairs.map((pair) => ({ treatment: arm(pair.t), control: arm(pair.c) }))
    const [only] = strata
    const test = input.isByCluster
      ? byClusters(input, outcome.name, treatment, first + place)
      : strata.length === 1
        ? differenceInMeans(only!.treatment, only!.control)
        : stratifiedDifference(mergeThinStrata(strata).strata)
    if (isRefused(test)) return test
    const units = strata.map(({ treatment: { n }, control }) => n + control.n)
    const variance = strata.reduce(
      (sum, each, stratum) => sum + units[stratum]! * (each.treatment.variance + each.control.variance),
      0,
    )
    const difference = test.estimate / Math.sqrt(variance / units.reduce((sum, n) => sum + n, 0) / 2)
    const covariate = outcome.covariates[place] ?? variable
    return { outcome: outcome.name, treatment, covariate, difference, pValue: test.pValue }
  })
}

/** The difference of a variable, of units of which all variables are known, as in the cells. */
function byClusters(
  { spec, evidence: { rows } }: HealthInput,
  outcome: string,
  treatment: string,
  place: number,
): Inference | Refusal {
  const variables = rows?.variables.get(outcome)
  if (!rows || !variables) return refuse('the units themselves are not at hand, only their sums')
  return clusteredDifference(rows, { treatment, control: spec.control }, (row) =>
    variables.some((values) => Number.isNaN(values[row]!)) ? Number.NaN : variables[place]![row]!,
  )
}
