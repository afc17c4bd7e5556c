import { covariateEValues, eValue } from '../../../stats/causal/refuters/e-value.ts'
import { linearSensitivity } from '../../../stats/causal/refuters/linear-sensitivity.ts'
import { isRefused } from '../../../stats/index.ts'
import { labelsOf } from '../causal-data.ts'
import { amountOf, percentOf } from '../causal-words.ts'
import { momentsOfSome, placesOf, pooledMoments, treatmentLabel } from '../data/causal-moments.ts'
import { type Found, notEvaluated, type Tried } from './found.ts'

/*
 * How strong a common cause that nobody observed would have to be. These refute nothing; they say what it would take.
 */

/** Least squares with the same covariates: by how much of both a confounder takes the effect away. */
export function robustnessOf(tried: Tried): Found {
  const labels = controlsOf(tried)
  if (!labels) return notEvaluated('the effect is not had by adjusting for covariates')
  const result = sensitivityWith(tried, labels)
  if (isRefused(result)) return notEvaluated(result.refused)
  const { robustnessValue, robustnessValueSignificance, benchmarks, estimate, partialR2 } = result
  const asStrong = benchmarks
    .filter(({ times }) => times === 1)
    .map((benchmark) => ({ ...benchmark, label: labels[benchmark.covariate - 2]! }))
    .sort((a, b) => Math.abs(a.estimate) - Math.abs(b.estimate))
  const [strongest] = asStrong
  const beside = strongest
    ? `; one as strong as ${strongest.label} would leave ${amountOf(strongest.estimate)} of ${amountOf(estimate)}`
    : ''
  return {
    verdict: 'informs',
    message: `informs: to take the effect away, a common cause has to explain ${percentOf(robustnessValue)} of what is left of both treatment and outcome${beside}`,
    newEffect: strongest?.estimate ?? null,
    diagnostics: {
      least_squares: estimate,
      partial_r2: partialR2,
      robustness_value: robustnessValue,
      robustness_value_significance: robustnessValueSignificance,
      benchmarks: benchmarks.map(
        ({ covariate, times, withTreatment, withOutcome, estimate: left, statistic }) => ({
          ...{
            covariate: labels[covariate - 2],
            times,
            with_treatment: withTreatment,
            with_outcome: withOutcome,
          },
          ...{ estimate: left, statistic },
        }),
      ),
    },
  }
}

/** On the scale of risk ratios, with each observed variable as a yardstick. */
export function eValueOf(tried: Tried): Found {
  const { headline, data, outcome } = tried
  const pooled = pooledMoments(data.moments)
  const [place] = placesOf(pooled, [outcome.outcome])
  const deviation = Math.sqrt(pooled.groups[0]!.covariances[place!]![place!]!)
  if (!(deviation > 0)) return notEvaluated('the outcome does not vary')
  const result = eValue({
    scale: 'standardized_difference',
    estimate: headline.estimate! / deviation,
    stdError: headline.stdError! / deviation,
  })
  if (isRefused(result)) return notEvaluated(result.refused)
  const yardsticks = yardsticksOf(tried, deviation)
  const [strongest] = yardsticks
  const beside = strongest
    ? `; leaving ${strongest.covariate} out does what one of ${amountOf(strongest.eValue)} would`
    : ''
  return {
    verdict: 'informs',
    message: `informs: E-value ${amountOf(result.eValue)} (of the interval ${amountOf(result.eValueOfInterval)}): so large a risk ratio with both treatment and outcome it takes to explain the effect away${beside}`,
    diagnostics: {
      convention: 'difference in standard deviations of the outcome, as a risk ratio by exp(0.91 d)',
      risk_ratio: result.riskRatio,
      e_value: result.eValue,
      e_value_of_interval: result.eValueOfInterval,
      covariates: yardsticks.map(({ covariate, riskRatio, eValue: own }) => ({
        covariate,
        risk_ratio: riskRatio,
        e_value: own,
      })),
    },
  }
}

function yardsticksOf(tried: Tried, deviation: number): ReturnType<typeof covariateEValues> {
  const { data, outcome } = tried
  const set = outcome.plan.adjustmentSet
  if (!set) return []
  const ratioOf = (nodes: readonly string[]): number | null => {
    const result = sensitivityWith(tried, labelsOf(data, nodes))
    return isRefused(result) ? null : Math.exp((0.91 * result.estimate) / deviation)
  }
  const whole = ratioOf(set)
  if (whole === null) return []
  return covariateEValues(
    whole,
    set.flatMap((covariate) => {
      const riskRatio = ratioOf(set.filter((other) => other !== covariate))
      return riskRatio === null ? [] : [{ covariate, riskRatio }]
    }),
  )
}

function controlsOf({ data, outcome }: Tried): string[] | null {
  const { adjustmentSet } = outcome.plan
  return adjustmentSet && labelsOf(data, adjustmentSet)
}

/** Least squares of the outcome on treatment and covariates, from moments. */
function sensitivityWith({ spec, data, outcome }: Tried, labels: readonly string[]) {
  const pooled = pooledMoments(data.moments)
  const places = placesOf(pooled, [outcome.outcome, treatmentLabel, ...labels])
  return linearSensitivity(
    momentsOfSome(pooled.groups[0]!, places),
    { outcome: 0, treatment: 1, controls: labels.map((_, index) => index + 2) },
    { ciLevel: spec.ciLevel, times: [1, 2, 3] },
  )
}
