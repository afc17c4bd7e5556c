import { closestNames } from '../../../core/did-you-mean.ts'
import type { ExperimentData, ExperimentSpec } from '../../../core/experiment-spec.ts'
import { makeProblem, ProblemError } from '../../../core/problem.ts'
import { columnsOf } from '../../../warehouse/index.ts'
import type { JobContext } from '../../job.ts'
import { outcomeVariables } from './outcome-variables.ts'
import type { ColumnTypes } from './units-source.ts'

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision|boolean)/

/** The types of the columns that the spec names; throws when one is not there or is no number. */
export async function columnTypes(
  spec: ExperimentSpec,
  data: Extract<ExperimentData, { kind: 'units' }>,
  { session, relationOf, job }: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<ColumnTypes> {
  const columns = (await columnsOf(session, relationOf(data.ref))) ?? []
  const types = new Map(columns.map(({ name, type }) => [name, type]))
  const problems = []
  const numbers = outcomeVariables(spec).flatMap((one) => one.columns)
  for (const column of new Set([...keyColumns(spec, data), ...numbers])) {
    if (types.has(column)) continue
    const near = closestNames(column, types.keys())[0]
    const hint = near ? `did you mean '${near}'?` : `it has: ${[...types.keys()].join(', ')}`
    const message = `'${data.ref}' has no column '${column}'`
    problems.push(makeProblem('job-failed', message, { place: job.place, hint }))
  }
  for (const column of new Set(numbers)) {
    const type = types.get(column)
    if (type === undefined || numberTypes.test(type)) continue
    const message = `column '${column}' of '${data.ref}' is ${type}; a metric needs numbers or true/false`
    problems.push(makeProblem('job-failed', message, { place: job.place }))
  }
  if (problems.length > 0) throw new ProblemError(problems)
  return types
}

/** The columns that say what a unit is and where it belongs. */
function keyColumns(
  { segments, strata, cluster, switchback }: ExperimentSpec,
  { unit, arm, time }: Extract<ExperimentData, { kind: 'units' }>,
): string[] {
  const optional = [time, cluster, switchback?.block, switchback?.period]
  return [unit, arm, ...segments, ...strata, ...optional.filter((column) => column !== undefined)]
}
