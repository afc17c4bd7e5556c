import { type InstrumentalRoles, twoStageLeastSquares } from '../../../stats/causal/instrumental.ts'
import { regressionAdjustment } from '../../../stats/causal/outcome-regression.ts'
import { differenceInMeans, isRefused, type JointMoments, type Refusal } from '../../../stats/index.ts'
import { labelsOf } from '../causal-data.ts'
import { momentsOfSome, placesOf, pooledMoments, treatmentLabel } from '../data/causal-moments.ts'
import { adjustedMeans } from './adjusted-means.ts'
import type { EstimationInput, EstimatorEntry, MethodResult } from './estimator.ts'
import { instrumentalDiagnostics } from './instrumental-words.ts'

/*
 * Methods that need sums over units only.
 */

/** The two groups as they are: what would be believed without any of this. */
export const naiveDifference: EstimatorEntry = {
  speaksOf: 'itself',
  needs: 'moments',
  compute: async (input) => {
    const { spec, data, outcome } = input
    if (spec.treatment.kind === 'continuous') return [slope(input, 'association', [])]
    const [place] = placesOf(data.moments, [outcome])
    const [control, treated] = data.moments.groups.map(({ n, means, covariances }) => ({
      n,
      mean: means[place!]!,
      variance: covariances[place!]![place!]!,
    }))
    const result = differenceInMeans(treated!, control!, { ciLevel: spec.ciLevel })
    return [
      {
        estimand: 'association',
        result: isRefused(result)
          ? result
          : { ...result, meanTreated: treated!.mean, meanControl: control!.mean },
        diagnostics: { convention: "Welch's, not adjusted for anything" },
      },
    ]
  },
}

/** A least-squares fit in each group, averaged over the target; of a continuous treatment one fit for all. */
export const adjustedRegression: EstimatorEntry = {
  speaksOf: 'target',
  needs: 'moments',
  compute: async (input) => {
    const { spec, data, plan, outcome, target, population } = input
    const covariates = labelsOf(data, plan.adjustmentSet!)
    if (spec.treatment.kind === 'continuous') return [slope(input, target, covariates)]
    const options = { target, ciLevel: spec.ciLevel }
    const result = population
      ? regressionAdjustment(population.units, options)
      : await adjustedMeans(data.moments, outcome, covariates, options, data.squaresOf)
    return [
      {
        estimand: target,
        result,
        diagnostics: { convention: 'stacked estimating equations (as Stata teffects ra)' },
      },
    ]
  },
}

/** Least squares of the outcome on a continuous treatment and covariates. */
function slope(
  { spec, data, outcome }: EstimationInput,
  estimand: string,
  covariates: readonly string[],
): MethodResult {
  const moments = pooledMoments(data.moments)
  const places = placesOf(moments, [outcome, treatmentLabel, ...covariates])
  // Two-stage least squares with the treatment for its own instrument is least squares.
  const roles: InstrumentalRoles = {
    ...{ outcome: 0, treatment: 1, instruments: [1] },
    controls: covariates.map((_, index) => index + 2),
  }
  const result = twoStageLeastSquares(momentsOfSome(moments.groups[0]!, places), roles, {
    ciLevel: spec.ciLevel,
  })
  return {
    estimand,
    result: plain(result),
    diagnostics: { convention: 'least squares, equal variances; per unit of the treatment' },
  }
}

function plain(result: ReturnType<typeof twoStageLeastSquares>): MethodResult['result'] {
  if (isRefused(result)) return result
  const { estimate, stdError, ciLower, ciUpper, ciLevel, pValue, statistic, degreesOfFreedom } = result
  return { estimate, stdError, ciLower, ciUpper, ciLevel, pValue, statistic, degreesOfFreedom }
}

/** What instruments say of those whom they move. */
export const instrumental: EstimatorEntry = {
  speaksOf: 'itself',
  needs: 'moments',
  compute: async ({ spec, data, plan, outcome }, { method }) => {
    const { names, given } = plan.instruments!
    const used = method === 'wald' ? names.slice(0, 1) : names
    const [instruments, controls] = [labelsOf(data, used), labelsOf(data, given)]
    const moments = pooledMoments(data.moments)
    const places = placesOf(moments, [outcome, treatmentLabel, ...instruments, ...controls])
    const roles: InstrumentalRoles = {
      outcome: 0,
      treatment: 1,
      instruments: instruments.map((_, index) => index + 2),
      controls: controls.map((_, index) => index + 2 + instruments.length),
    }
    const own: JointMoments = momentsOfSome(moments.groups[0]!, places)
    const result: ReturnType<typeof twoStageLeastSquares> | Refusal = twoStageLeastSquares(own, roles, {
      ciLevel: spec.ciLevel,
    })
    return [
      {
        estimand: 'late',
        result: plain(result),
        diagnostics: { instruments, controls, ...(isRefused(result) ? {} : instrumentalDiagnostics(result)) },
      },
    ]
  },
}
