import { frontdoorEffect, type MediatedUnits, naturalEffects } from '../../../stats/causal/mediation.ts'
import { isRefused } from '../../../stats/index.ts'
import { labelsOf } from '../causal-data.ts'
import { amountsOf } from '../data/causal-rows.ts'
import type { EstimationInput, EstimatorEntry, EstimatorOf } from './estimator.ts'

/*
 * Methods that look at what stands between treatment and outcome.
 */

/** All of the effect, by way of mediators through which all of it goes. */
export const frontdoor: EstimatorEntry = {
  speaksOf: 'itself',
  needs: 'moments',
  compute: async (input) => {
    const mediators = input.plan.frontdoorSet!
    const result = frontdoorEffect(mediatedUnits(input, mediators, []), { ciLevel: input.spec.ciLevel })
    return [
      {
        estimand: 'ate',
        result,
        diagnostics: { mediators, convention: 'linear models; influence functions' },
      },
    ]
  },
}

/** What of the effect goes through the mediators, and what does not. */
export const mediation: EstimatorEntry<EstimatorOf<'mediation'>> = {
  speaksOf: 'itself',
  needs: 'moments',
  compute: async (input, { interaction }) => {
    const way = input.plan.mediation!
    if (!way.identified) throw new Error(way.reason)
    const { mediators, given } = way
    const options = { ciLevel: input.spec.ciLevel, interaction }
    const result = naturalEffects(mediatedUnits(input, mediators, given), options)
    const convention = `linear models${interaction ? ', treatment and mediators interacting' : ''}; influence functions`
    const diagnostics = { mediators, given, convention }
    if (isRefused(result)) return [{ estimand: 'total', result, diagnostics }]
    const { direct, indirect, total, shareMediated } = result
    return [
      { estimand: 'nde', result: direct, diagnostics },
      { estimand: 'nie', result: indirect, diagnostics: { ...diagnostics, share_mediated: shareMediated } },
      { estimand: 'total', result: total, diagnostics },
    ]
  },
}

function mediatedUnits(
  { data, outcome }: EstimationInput,
  mediators: readonly string[],
  given: readonly string[],
): MediatedUnits {
  const rows = data.rows!
  const columns = (nodes: readonly string[]) => labelsOf(data, nodes).map((label) => rows.values.get(label)!)
  return {
    ...{ n: rows.n, treatment: amountsOf(rows), outcome: rows.values.get(outcome)! },
    ...{ mediators: columns(mediators), covariates: columns(given) },
  }
}
