import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import type { JobContext } from '../job.ts'

/** Fields that every estimate of an experiment shares. */
export function estimateOf(
  spec: ExperimentSpec,
  { job, runId }: Pick<JobContext, 'job' | 'runId'>,
  fields: Partial<Estimate> & Pick<Estimate, 'estimand' | 'outcome' | 'treatment' | 'method' | 'scale'>,
): Estimate {
  return {
    job: job.name,
    runId,
    asOf: spec.asOf,
    comparison: spec.control,
    segmentName: null,
    segmentValue: null,
    estimate: null,
    stdError: null,
    ciLower: null,
    ciUpper: null,
    ciLevel: null,
    ciKind: null,
    pValue: null,
    pValueAdjusted: null,
    n: null,
    nTreated: null,
    diagnostics: {},
    status: 'ok',
    reason: null,
    ...fields,
  }
}
