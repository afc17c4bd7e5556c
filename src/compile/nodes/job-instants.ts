import type { ExperimentData } from '../../core/experiment-spec.ts'
import { isInstant } from '../../core/instant.ts'
import type { JobSpec } from '../../core/job-spec.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { JobDeclaration } from '../../core/project.ts'
import type { DraftScope } from './draft-scope.ts'

/** The spec of a job with the dates rendered that it gives as templates. */
export function withInstants(scope: DraftScope, job: JobDeclaration, problems: Problem[]): JobSpec {
  const render = (key: string, text: string): string => {
    if (!text.includes('{{')) return text
    const rendered = scope.yaml.text(text, job, problems).trim()
    if (!isInstant(rendered))
      problems.push(
        makeProblem('yaml-invalid', `'${key}' must be a date or an ISO timestamp, not '${rendered}'`, {
          ...scope.sourceAt(job.place),
          hint: `it comes from ${text}`,
        }),
      )
    return rendered
  }
  const dated = <T extends ExperimentData>(data: T): T =>
    data.kind === 'exposures'
      ? { ...data, start: render('start', data.start), end: render('end', data.end) }
      : data
  const { spec } = job
  const asOf = render('as_of', spec.asOf)
  if (spec.kind === 'experiment') return { ...spec, data: dated(spec.data), asOf }
  if (
    spec.kind === 'causal' ||
    spec.kind === 'did' ||
    spec.kind === 'discontinuity' ||
    spec.kind === 'interrupted_series'
  )
    return { ...spec, asOf }
  if (spec.kind === 'drift') {
    const { reference } = spec
    if (reference.kind === 'trailing') return { ...spec, asOf }
    const start = render('start', reference.start)
    return { ...spec, reference: { ...reference, start, end: render('end', reference.end) }, asOf }
  }
  return { ...spec, experiments: spec.experiments.map((one) => ({ ...one, data: dated(one.data) })), asOf }
}
