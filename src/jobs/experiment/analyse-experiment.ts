import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import type { DayRow, DecisionRow, HealthRow, WeightRow } from '../../core/experiment-tables.ts'
import { isRefused } from '../../stats/index.ts'
import { type AtLevel, adjustForMultiplicity } from './adjust-for-multiplicity.ts'
import { banditWeights } from './bandit-weights.ts'
import { indexCells } from './data/cell-index.ts'
import type { Evidence } from './data/evidence.ts'
import { decide } from './decision/decide.ts'
import { estimateComparisons } from './estimate-comparisons.ts'
import type { TableOrigin } from './estimate-row.ts'
import { checkHealth } from './health/check-health.ts'
import { heterogeneityEstimates } from './heterogeneity.ts'
import { holdoutEstimates } from './holdout.ts'
import { interactionEstimates } from './interactions.ts'
import { cumulativeLifts, liftsSinceExposure } from './lift-over-time.ts'
import { type Analysis, makeAnalysis, methodInput } from './method-input.ts'
import { methodRegistry } from './methods/registry.ts'
import { noveltyEstimates } from './novelty.ts'
import { pooledEstimates } from './partial-pooling.ts'
import { sampleRatioEstimate } from './sample-ratio-estimate.ts'

/** All that an experiment comes to. */
export interface ExperimentTables {
  readonly estimates: readonly Estimate[]
  readonly health: readonly HealthRow[]
  readonly days: readonly DayRow[]
  readonly decisions: readonly DecisionRow[]
  readonly weights: readonly WeightRow[]
}

/**
 * Makes the tables of an experiment from what is known of it. Pure: the same evidence gives the same tables, whenever
 * and wherever.
 */
export function analyseExperiment(
  spec: ExperimentSpec,
  evidence: Evidence,
  origin: TableOrigin,
): ExperimentTables {
  const index = indexCells(evidence.cells)
  const analysis = makeAnalysis(spec, evidence, index)
  const health = checkHealth(analysis)
  const compared = estimateComparisons(analysis, health, origin)
  const differing = heterogeneityEstimates(analysis, health, origin)
  const days = [...cumulativeLifts(analysis, health), ...liftsSinceExposure(analysis, health)]
  const decisions = decide(analysis, health, (treatment, segmentName) =>
    smallestPValue(differing, spec, treatment, segmentName),
  )
  return {
    estimates: [
      ...sampleRatioEstimate(analysis, origin),
      ...adjustForMultiplicity(spec, compared, atLevelOf(analysis)),
      ...differing,
      ...interactionEstimates(analysis, health, origin),
      ...pooledEstimates(analysis, health, origin),
      ...noveltyEstimates(spec, days, origin),
      ...holdoutEstimates(analysis, health, origin),
    ],
    health: health.map((row) => ({ ...origin, ...row })),
    days: days.map((row) => ({ ...origin, ...row })),
    decisions: decisions.map((row) => ({ ...origin, ...row })),
    weights: banditWeights(analysis, health).map((row) => ({ ...origin, ...row })),
  }
}

/** An estimate's interval at another level, by the same method. */
function atLevelOf(analysis: Analysis): AtLevel {
  const { spec } = analysis
  return ({ outcome: name, treatment, segmentName, segmentValue, method, scale }, ciLevel) => {
    const outcome = spec.outcomes.find((one) => one.name === name)
    const entry = methodRegistry[method as keyof typeof methodRegistry]
    if (!outcome || (scale !== 'absolute' && scale !== 'relative')) return null
    const scope = { segmentName, segmentValue }
    const options = { ciLevel, needs: entry.needs }
    const input = methodInput(analysis, { outcome, treatment, scope }, scale, options)
    const result = input && entry.compute(input)
    return result && !isRefused(result) ? result : null
  }
}

/** The smallest p-value that a segment's values differ on a goal, adjusted for the number of goals. */
function smallestPValue(
  differing: readonly Estimate[],
  spec: ExperimentSpec,
  treatment: string,
  segmentName: string,
): number | null {
  const pValues = differing.flatMap((estimate) => {
    const isGoal = spec.outcomes.some(({ name, role }) => name === estimate.outcome && role === 'goal')
    if (!isGoal || estimate.treatment !== treatment || estimate.segmentName !== segmentName) return []
    const pValue = estimate.pValueAdjusted ?? estimate.pValue
    return pValue === null ? [] : [pValue]
  })
  return pValues.length === 0 ? null : Math.min(...pValues)
}
