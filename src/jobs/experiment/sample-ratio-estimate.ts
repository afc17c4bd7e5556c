import type { Estimate } from '../../core/estimate.ts'
import { isRefused } from '../../stats/index.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import { testSampleRatio } from './health/sample-ratio.ts'
import type { Analysis } from './method-input.ts'

/** The test of the arms' sizes as a row among the estimates, for who reads only these. */
export function sampleRatioEstimate(analysis: Analysis, origin: TableOrigin): Estimate[] {
  const { spec } = analysis
  const rule = spec.health.find(({ check }) => check === 'sample_ratio')
  if (!rule || spec.bandit) return []
  const { arms, units, counts, of, result } = testSampleRatio(analysis, rule.threshold)
  const n = units.reduce((sum, count) => sum + count, 0)
  const fields = {
    estimand: 'sample_ratio',
    outcome: 'units',
    treatment: spec.treatments.join(', '),
    scale: 'probability',
    n,
    nTreated: n - (units[0] ?? 0),
  } as const
  const diagnostics = {
    observed: Object.fromEntries(arms.map((arm, place) => [arm, counts[place]])),
    expected_weights: spec.expectedWeights,
    ...(spec.stratumWeights && { stratum_weights: spec.stratumWeights }),
    alpha: rule.threshold,
    counted: of,
  }
  if (isRefused(result)) {
    const reason = result.refused
    return [
      estimateRow(spec, origin, { ...fields, method: 'chi_square', diagnostics, status: 'refused', reason }),
    ]
  }
  const { pValue, statistic, method, mismatch } = result
  return [
    estimateRow(spec, origin, {
      ...fields,
      method,
      pValue,
      // The exact test, used for few units, has no statistic.
      diagnostics: { ...diagnostics, ...(statistic !== undefined && { chi_square: statistic }), mismatch },
    }),
  ]
}
