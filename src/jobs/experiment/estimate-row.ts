import type { Estimate } from '../../core/estimate.ts'
import type { ExperimentSpec } from '../../core/experiment-spec.ts'

/** Whose tables are written: the fields that all their rows share. */
export interface TableOrigin {
  readonly job: string
  readonly runId: string
  readonly asOf: string
}

/** An estimate of an experiment with what is not said of it left open. */
export function estimateRow(
  spec: Pick<ExperimentSpec, 'control'>,
  { job, runId, asOf }: TableOrigin,
  fields: Partial<Estimate> & Pick<Estimate, 'estimand' | 'outcome' | 'treatment' | 'method' | 'scale'>,
): Estimate {
  return {
    job,
    runId,
    asOf,
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
