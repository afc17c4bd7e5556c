import type { JobSpec } from '../core/job-spec.ts'
import { runCausal } from './causal/causal.ts'
import { causalColumns } from './causal/table-columns.ts'
import { runDid } from './did/did.ts'
import { didTableColumns } from './did/table-columns.ts'
import { runDrift } from './drift/run-drift.ts'
import { driftColumns } from './drift/table-columns.ts'
import { runExperiment } from './experiment/experiment.ts'
import { experimentColumns } from './experiment/table-columns.ts'
import type { JobColumn, JobContext, JobOutcome } from './job.ts'
import { runMetrics } from './metrics/run-metrics.ts'
import { runDiscontinuity } from './quasi/discontinuity.ts'
import { runSeries } from './quasi/interrupted-series.ts'

/** Runs a job of any kind. */
export async function runJob(context: JobContext): Promise<JobOutcome> {
  const { spec } = context.job
  switch (spec.kind) {
    case 'causal':
      return runCausal(spec, context)
    case 'did':
      return runDid(spec, context)
    case 'discontinuity':
      return runDiscontinuity(spec, context)
    case 'interrupted_series':
      return runSeries(spec, context)
    case 'drift':
      return runDrift(spec, context)
    case 'metrics':
      return runMetrics(spec, context)
    case 'experiment':
      return runExperiment(spec, context)
  }
}

/** The columns of a job's table, where they are known without a run. */
export function jobColumns(spec: JobSpec, suffix: string): readonly JobColumn[] | null {
  switch (spec.kind) {
    case 'causal':
      return causalColumns[suffix] ?? null
    case 'did':
    case 'discontinuity':
    case 'interrupted_series':
      return didTableColumns[suffix] ?? null
    case 'drift':
      return driftColumns[suffix] ?? null
    case 'metrics':
      return null
    case 'experiment':
      return experimentColumns[suffix] ?? null
  }
}
