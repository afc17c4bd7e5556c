import type { HealthCheck } from '../../../core/experiment-spec.ts'
import type { HealthRow } from '../../../core/experiment-tables.ts'
import type { Scope } from '../data/cell-index.ts'
import { checkCrossovers, checkExposureBeforeAssignment, checkTooFewUnits } from './exposures.ts'
import { checkBotLikeUnits, checkOutlierInfluence } from './extreme-units.ts'
import type { HealthCheckFunction, HealthInput } from './finding.ts'
import { checkMissingOutcomes } from './missing-outcomes.ts'
import { checkPrePeriodBalance } from './pre-period-balance.ts'
import { checkSampleRatio, checkSampleRatioBySegment } from './sample-ratio.ts'

const checks: Readonly<Record<HealthCheck, HealthCheckFunction>> = {
  sample_ratio: checkSampleRatio,
  sample_ratio_by_segment: checkSampleRatioBySegment,
  crossovers: checkCrossovers,
  exposure_before_assignment: checkExposureBeforeAssignment,
  pre_period_balance: checkPrePeriodBalance,
  missing_outcomes: checkMissingOutcomes,
  too_few_units: checkTooFewUnits,
  outlier_influence: checkOutlierInfluence,
  bot_like_units: checkBotLikeUnits,
}

/** A row's own fields, without those that all rows of a job share. */
export type HealthFinding = Omit<HealthRow, 'job' | 'runId' | 'asOf'>

/** Every check that the spec asks for. */
export function checkHealth({
  spec,
  evidence,
  index,
  isByCluster,
}: Omit<HealthInput, 'rule'>): HealthFinding[] {
  return spec.health.flatMap((rule) =>
    checks[rule.check]({ spec, evidence, index, isByCluster, rule }).map(
      (finding): HealthFinding => ({
        checkName: rule.check,
        outcome: null,
        treatment: null,
        segmentName: null,
        segmentValue: null,
        critical: rule.critical,
        statistic: null,
        pValue: null,
        observed: null,
        threshold: rule.threshold,
        overrideReason: finding.verdict === 'fail' ? (rule.overrideReason ?? null) : null,
        diagnostics: {},
        ...finding,
      }),
    ),
  )
}

/** Of what an estimate is, as far as a failed check may concern it. */
export interface EstimatePlace extends Scope {
  readonly outcome: string
  readonly treatment: string
}

/**
 * Why an estimate cannot be trusted: the critical check that failed without being overridden, if it is about
 * everything or about this outcome, treatment or segment.
 */
export function refusalFor(health: readonly HealthFinding[], place: EstimatePlace): string | null {
  const failed = health.find(
    (row) =>
      row.verdict === 'fail' &&
      row.critical &&
      row.overrideReason === null &&
      (row.outcome === null || row.outcome === place.outcome) &&
      (row.treatment === null || row.treatment === place.treatment) &&
      (row.segmentName === null ||
        (row.segmentName === place.segmentName && row.segmentValue === place.segmentValue)),
  )
  return failed?.message ?? null
}
