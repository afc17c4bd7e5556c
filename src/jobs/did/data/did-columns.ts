import type { DidSpec } from '../../../core/did-spec.ts'
import { didYouMean } from '../../../core/did-you-mean.ts'
import { makeProblem, type Problem, ProblemError } from '../../../core/problem.ts'
import { columnsOf } from '../../../warehouse/index.ts'
import type { ColumnTypes } from '../../experiment/data/units-source.ts'
import type { JobContext } from '../../job.ts'
import { conditionHint, whyNoCondition } from '../../row-conditions.ts'

/** The types of the columns of what is read. */
export interface DidColumns {
  readonly panel: ColumnTypes
  /** Empty where no other table has the dates. */
  readonly rollout: ColumnTypes
  /** Whether time is told by dates, whose periods are counted, and not by numbers. */
  readonly isDated: boolean
}

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision)/
const dateTypes = /^(date|timestamp)/

/** Looks at the columns; throws when one is not there or is nothing that can be counted with. */
export async function didColumns(
  spec: DidSpec,
  { session, relationOf, job }: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<DidColumns> {
  const { data, treatment, outcomes, covariates, cluster } = spec
  const { dates } = treatment
  const typesOf = async (ref: string): Promise<ColumnTypes> =>
    new Map(((await columnsOf(session, relationOf(ref))) ?? []).map(({ name, type }) => [name, type]))
  const panel = await typesOf(data.ref)
  const rollout = dates.kind === 'rollout' ? await typesOf(dates.ref) : (new Map() as ColumnTypes)
  const problems: Problem[] = []
  const tell = (message: string, hint?: string): void =>
    void problems.push(makeProblem('job-failed', message, { place: job.place, ...(hint && { hint }) }))
  const need = (ref: string, types: ColumnTypes, columns: readonly (string | undefined)[]): void => {
    for (const column of new Set(columns))
      if (column !== undefined && !types.has(column))
        tell(
          `'${ref}' has no column '${column}'`,
          didYouMean(column, [...types.keys()]) ?? `it has: ${[...types.keys()].join(', ')}`,
        )
  }
  const numbers = [
    ...outcomes.map(({ column }) => column),
    ...covariates,
    ...(data.weight ? [data.weight] : []),
  ]
  need(data.ref, panel, [
    ...[data.unit, data.time, cluster, ...numbers, ...data.where.map(({ column }) => column)],
    dates.kind === 'rollout' ? dates.group : dates.column,
  ])
  if (dates.kind === 'rollout')
    need(dates.ref, rollout, [dates.key, dates.date, ...dates.where.map(({ column }) => column)])
  const conditions = [
    ...data.where.map((condition) => whyNoCondition(condition, panel.get(condition.column))),
    ...(dates.kind === 'rollout'
      ? dates.where.map((condition) => whyNoCondition(condition, rollout.get(condition.column)))
      : []),
  ]
  for (const lack of conditions) if (lack !== null) tell(lack, conditionHint)
  for (const column of numbers)
    if (!numberTypes.test(panel.get(column) ?? 'integer') && panel.get(column) !== 'boolean')
      tell(`column '${column}' is ${panel.get(column)}; it has to be a number or true/false`)
  const isDated = dateTypes.test(panel.get(data.time) ?? '')
  if (!isDated && !numberTypes.test(panel.get(data.time) ?? 'integer'))
    tell(`time '${data.time}' is ${panel.get(data.time)}; it has to be a date, a timestamp or a number`)
  const [column, type] =
    dates.kind === 'rollout' ? [dates.date, rollout.get(dates.date)] : [dates.column, panel.get(dates.column)]
  if (dates.kind === 'status' && type !== undefined && type !== 'boolean' && !numberTypes.test(type))
    tell(`status '${column}' is ${type}; it has to be true/false or 1/0`)
  const isTold = isDated ? dateTypes : numberTypes
  if (dates.kind !== 'status' && type !== undefined && !isTold.test(type))
    tell(
      `'${column}' is ${type} and '${data.time}' ${panel.get(data.time)}: when treatment began has to be told as periods are`,
      'make both dates, or both numbers, in the model',
    )
  if (problems.length > 0) throw new ProblemError(problems)
  return { panel, rollout, isDated }
}
