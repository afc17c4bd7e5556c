import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentOutcome } from '../../core/experiment-spec.ts'
import { adjustPValues, effectHeterogeneity, isRefused } from '../../stats/index.ts'
import { corrections } from './adjust-for-multiplicity.ts'
import { interactionSegment } from './data/cell-index.ts'
import { outcomeKind } from './data/outcome-variables.ts'
import { estimateRow, type TableOrigin } from './estimate-row.ts'
import { type HealthFinding, refusalFor } from './health/check-health.ts'
import type { Analysis } from './method-input.ts'
import { segmentEffect } from './segment-effect.ts'

/*
 * Whether an effect differs between the values of a segment, or between the arms of another experiment that ran on the
 * same units (an interaction): Cochran's Q of the effects, one row for each segment, treatment and outcome. Without it
 * the segments' own intervals say nothing about their difference.
 */

/** Tests every segment; p-values are adjusted for the number of segments of an outcome. */
export function heterogeneityEstimates(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
): Estimate[] {
  const { spec, index } = analysis
  const names = [...new Set(index.scopes.flatMap(({ segmentName }) => segmentName ?? []))]
  return spec.treatments.flatMap((treatment) =>
    spec.outcomes
      .filter((outcome) => outcomeKind(outcome) !== 'quantile')
      .flatMap((outcome) => {
        const rows = names.map((name) => testSegment(analysis, health, origin, { outcome, treatment, name }))
        const unknown = spec.interactions
          .filter(({ experiment }) => !names.includes(interactionSegment(experiment)))
          .map(({ experiment }) => unknownArms(analysis, origin, { outcome, treatment, experiment }))
        return [...adjusted(rows, spec.multiplicity.correction), ...unknown]
      }),
  )
}

function testSegment(
  analysis: Analysis,
  health: readonly HealthFinding[],
  origin: TableOrigin,
  { outcome, treatment, name }: { outcome: ExperimentOutcome; treatment: string; name: string },
): Estimate {
  const { spec, index } = analysis
  const isInteraction = spec.interactions.some(({ experiment }) => interactionSegment(experiment) === name)
  const scopes = index.scopes.filter(({ segmentName }) => segmentName === name)
  const place = { outcome: outcome.name, treatment, segmentName: name, segmentValue: null }
  const unhealthy =
    refusalFor(health, place) ??
    (spec.stratumWeights
      ? 'arms have other weights in each stratum, and strata are not crossed with segments'
      : null)
  let clustered: string | null = null
  const effects = scopes.flatMap((scope) => {
    const found = segmentEffect(analysis, { outcome, treatment, scope }, 'absolute')
    if (!found) return []
    const { effect, n } = found
    if (!isRefused(effect)) return [{ value: scope.segmentValue, n, ...effect }]
    if (analysis.isByCluster) clustered ??= effect.refused
    return []
  })
  const fields = {
    estimand: isInteraction ? 'interaction' : 'heterogeneity',
    outcome: outcome.name,
    treatment,
    segmentName: name,
    method: 'cochran_q',
    scale: 'absolute' as const,
    n: effects.reduce((sum, { n }) => sum + n, 0),
  }
  const refusal = unhealthy ?? (effects.length === 0 ? clustered : null)
  const result = refusal === null ? effectHeterogeneity(effects) : { refused: refusal }
  if (isRefused(result))
    return estimateRow(spec, origin, { ...fields, status: 'refused', reason: result.refused })
  return estimateRow(spec, origin, {
    ...fields,
    // The spread of the true effects between the values, in the outcome's unit.
    estimate: Math.sqrt(result.betweenVariance),
    pValue: result.pValue,
    diagnostics: {
      q: result.q,
      degrees_of_freedom: result.degreesOfFreedom,
      i_squared: result.iSquared,
      pooled: result.pooled.estimate,
      values: effects.map(({ value, estimate, stdError, n }) => ({
        value,
        estimate,
        std_error: stdError,
        n,
      })),
      values_left_out: scopes.length - effects.length,
    },
  })
}

/** An interaction that was asked for and cannot be told is a row, too. */
function unknownArms(
  { spec }: Analysis,
  origin: TableOrigin,
  { outcome, treatment, experiment }: { outcome: ExperimentOutcome; treatment: string; experiment: string },
): Estimate {
  return estimateRow(spec, origin, {
    estimand: 'interaction',
    outcome: outcome.name,
    treatment,
    segmentName: interactionSegment(experiment),
    method: 'cochran_q',
    scale: 'absolute',
    status: 'refused',
    reason: `no unit has an arm in '${experiment}'`,
  })
}

function adjusted(rows: readonly Estimate[], correction: keyof typeof corrections | 'none'): Estimate[] {
  const pValues = rows.flatMap(({ pValue }) => (pValue === null ? [] : [pValue]))
  if (correction === 'none' || pValues.length === 0) return [...rows]
  const found = adjustPValues(pValues, corrections[correction])
  if (isRefused(found)) return [...rows]
  let place = 0
  return rows.map((row) => (row.pValue === null ? row : { ...row, pValueAdjusted: found[place++]! }))
}
