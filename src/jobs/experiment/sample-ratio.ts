import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import type { HealthRow } from '../../core/experiment-tables.ts'
import { sampleRatioMismatch } from '../../stats/index.ts'
import type { JobContext } from '../job.ts'
import { estimateOf } from './experiment-estimate.ts'
import type { ArmCell } from './moments-query.ts'

export interface SampleRatioCheck {
  readonly estimate: Estimate
  /** Why no lift can be trusted, or null when the arms' sizes are as planned. */
  readonly mismatch: string | null
}

/** Compares the arms' sizes with those that were planned; a mismatch means that something else than chance chose. */
export function checkSampleRatio(
  spec: ExperimentSpec,
  cells: readonly ArmCell[],
  context: Pick<JobContext, 'job' | 'runId'>,
): SampleRatioCheck {
  const arms = [spec.control, ...spec.treatments]
  const { threshold: alpha } = sampleRatioRule(spec)
  const population = cells.filter(({ segmentName }) => segmentName === null)
  const counts = arms.map((arm) => population.find((cell) => cell.arm === arm)?.units ?? 0)
  const weights = arms.map((arm) => spec.expectedWeights[arm] ?? 0)
  const n = counts.reduce((sum, count) => sum + count, 0)
  const fields = {
    estimand: 'sample_ratio',
    outcome: 'units',
    treatment: spec.treatments.join(', '),
    scale: 'probability',
    n,
    nTreated: n - (counts[0] ?? 0),
  } as const
  const observed = Object.fromEntries(arms.map((arm, index) => [arm, counts[index]]))
  const diagnostics = { observed, arms, units: counts, expected_weights: spec.expectedWeights, alpha }
  const result = sampleRatioMismatch(counts, weights, { alpha })
  if ('refused' in result) {
    const estimate = estimateOf(spec, context, {
      ...fields,
      method: 'chi_square',
      diagnostics,
      status: 'refused',
      reason: result.refused,
    })
    return { estimate, mismatch: `the arms' sizes cannot be checked: ${result.refused}` }
  }
  const { pValue, statistic, method, mismatch: failed } = result
  return {
    estimate: estimateOf(spec, context, {
      ...fields,
      method,
      pValue,
      // The exact test, used for few units, has no statistic.
      diagnostics: {
        ...diagnostics,
        ...(statistic !== undefined && { chi_square: statistic }),
        mismatch: failed,
      },
    }),
    mismatch: failed
      ? `sample ratio mismatch: arms of ${counts.join(' and ')} units are not the planned ${weights.join(' : ')} (p = ${pValue.toExponential(1)})`
      : null,
  }
}

function sampleRatioRule({ health }: ExperimentSpec) {
  return health.find(({ check }) => check === 'sample_ratio')!
}

/** The same check as a row of the health table. */
export function sampleRatioHealth(
  estimate: Estimate,
  mismatch: string | null,
  spec: ExperimentSpec,
): HealthRow {
  const { job, runId, asOf, pValue, diagnostics } = estimate
  const statistic = diagnostics['chi_square']
  return {
    ...{ job, runId, asOf },
    checkName: 'sample_ratio',
    ...{ outcome: null, treatment: null, segmentName: null, segmentValue: null },
    verdict: mismatch === null ? 'ok' : 'fail',
    critical: true,
    statistic: typeof statistic === 'number' ? statistic : null,
    pValue,
    observed: pValue,
    threshold: sampleRatioRule(spec).threshold,
    message: mismatch ?? "the arms' sizes are as planned",
    overrideReason: null,
    diagnostics,
  }
}
