import { didYouMean } from '../../../core/did-you-mean.ts'
import type { DriftColumn, DriftSpec } from '../../../core/drift-spec.ts'
import { makeProblem, type Problem, ProblemError } from '../../../core/problem.ts'
import { columnsOf } from '../../../warehouse/index.ts'
import type { JobContext } from '../../job.ts'

/** A column that is watched, as what it is. */
export interface WatchedColumn extends DriftColumn {
  readonly kind: 'numeric' | 'categorical' | 'boolean'
}

export interface WatchedColumns {
  readonly columns: readonly WatchedColumn[]
  /** Type of the column that says on which day a row belongs. */
  readonly dayType: string
}

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision)/
const dayTypes = /^(date|timestamp)/

/** Looks at the relation's columns; throws when one is not there or is not what the spec says. */
export async function watchedColumns(
  spec: DriftSpec,
  { session, relationOf, job }: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<WatchedColumns> {
  const found = (await columnsOf(session, relationOf(spec.data.ref))) ?? []
  const types = new Map(found.map(({ name, type }) => [name, type]))
  const problems: Problem[] = []
  const tell = (message: string, hint?: string): void =>
    void problems.push(makeProblem('job-failed', message, { place: job.place, ...(hint && { hint }) }))
  const { day, where, ref } = spec.data
  const named = [
    day,
    ...where.map(({ column }) => column),
    ...spec.columns.map(({ column }) => column),
    ...spec.segments,
  ]
  for (const column of new Set(named))
    if (!types.has(column))
      tell(
        `'${ref}' has no column '${column}'`,
        didYouMean(column, [...types.keys()]) ?? `it has: ${[...types.keys()].join(', ')}`,
      )
  const dayType = types.get(day) ?? 'date'
  if (!dayTypes.test(dayType)) tell(`column '${day}' is ${dayType}; a day has to be a date or a timestamp`)
  const columns = spec.columns.map((column): WatchedColumn => {
    const type = types.get(column.column) ?? 'text'
    const usual = type === 'boolean' ? 'boolean' : numberTypes.test(type) ? 'numeric' : 'categorical'
    const kind = column.kind ?? usual
    if (kind !== 'categorical' && kind !== usual)
      tell(
        `column '${column.column}' is ${type}, and not ${kind}`,
        'leave out its kind, or watch it as categorical',
      )
    return { ...column, kind }
  })
  if (problems.length > 0) throw new ProblemError(problems)
  return { columns, dayType }
}
