import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import { effectTrend, isRefused } from '../../stats/index.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import type { DayFinding } from './lift-over-time.ts'

/**
 * Whether the lift depends on how long units have had the treatment: its slope, per day, over the days since exposure
 * that `<experiment>__days` shows. A novelty that wears off has a slope towards zero. Units that were exposed on
 * different days may differ in other ways, too. Nothing where no such days are known.
 */
export function noveltyEstimates(
  spec: ExperimentSpec,
  days: readonly DayFinding[],
  origin: TableOrigin,
): Estimate[] {
  const since = days.filter(({ series, scale }) => series === 'since_exposure' && scale === 'relative')
  if (since.length === 0) return []
  return spec.treatments.flatMap((treatment) =>
    spec.outcomes.flatMap((outcome) => {
      const own = since.filter((day) => day.outcome === outcome.name && day.treatment === treatment)
      if (own.length === 0) return []
      const points = own.flatMap(({ daysSinceExposure, estimate, stdError }) =>
        daysSinceExposure === null || estimate === null || stdError === null
          ? []
          : [{ at: daysSinceExposure, estimate, stdError }],
      )
      const fields = {
        estimand: 'novelty',
        outcome: outcome.name,
        treatment,
        method: 'slope_since_exposure',
        scale: 'relative' as const,
        ciLevel: spec.ciLevel,
        n: Math.max(...own.map(({ n }) => n ?? 0)),
      }
      const trend = effectTrend(points, { ciLevel: spec.ciLevel })
      if (isRefused(trend))
        return [estimateRow(spec, origin, { ...fields, status: 'refused', reason: trend.refused })]
      const { estimate, stdError, ciLower, ciUpper, pValue, intercept } = trend
      return [
        estimateRow(spec, origin, {
          ...fields,
          ...{ estimate, stdError, ciLower, ciUpper, pValue },
          ciKind: 'fixed_horizon',
          diagnostics: { lift_on_the_first_day: intercept, days: points.length },
        }),
      ]
    }),
  )
}
