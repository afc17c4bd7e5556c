import { runExperiment } from './experiment/experiment.ts'
import type { JobContext, JobOutcome } from './job.ts'

/** Runs a job of any kind. */
export async function runJob(context: JobContext): Promise<JobOutcome> {
  const { spec } = context.job
  switch (spec.kind) {
    case 'experiment':
      return runExperiment(spec, context)
  }
}
