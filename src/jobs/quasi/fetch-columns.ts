import type { RowCondition } from '../../core/did-spec.ts'
import { didYouMean } from '../../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { columnsOf, relationIdent, sql } from '../../warehouse/index.ts'
import { type FloatColumn, readBinaryRows } from '../experiment/data/binary-rows.ts'
import { asNumber } from '../experiment/data/cells-query.ts'
import type { JobContext } from '../job.ts'
import { conditionHint, whereOf, whyNoCondition } from '../row-conditions.ts'

/** Numbers of all rows by column, of those rows of which all are known. */
export interface NumberColumns {
  readonly values: ReadonlyMap<string, Float64Array>
  /** Rows that are left out. */
  readonly incomplete: number
  /** Whether the first column is told by dates: seconds since 1970 then. */
  readonly isDated: boolean
}

interface Wanted {
  readonly ref: string
  readonly where: readonly RowCondition[]
  /** The rows come in the order of the first. */
  readonly columns: readonly string[]
  readonly missing: 'refuse' | 'drop'
  /** Whether the first may be told by dates. */
  readonly mayBeDated: boolean
}

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision|boolean)/
const dateTypes = /^(date|timestamp)/

/** Fetches columns of numbers as one binary stream, in the order of the first; throws where a column is none. */
export async function fetchColumns(
  { ref, where, columns, missing, mayBeDated }: Wanted,
  { session, relationOf, job }: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<NumberColumns> {
  const found = (await columnsOf(session, relationOf(ref))) ?? []
  const types = new Map(found.map(({ name, type }) => [name, type]))
  const refuse = (message: string, hint?: string): never => {
    throw new ProblemError(makeProblem('job-failed', message, { place: job.place, ...(hint && { hint }) }))
  }
  const isDated = mayBeDated && dateTypes.test(types.get(columns[0]!) ?? '')
  const names = [...types.keys()]
  for (const column of [...columns, ...where.map((condition) => condition.column)])
    if (!types.has(column))
      refuse(`'${ref}' has no column '${column}'`, didYouMean(column, names) ?? `it has: ${names.join(', ')}`)
  for (const condition of where) {
    const lack = whyNoCondition(condition, types.get(condition.column))
    if (lack !== null) refuse(lack, conditionHint)
  }
  for (const [index, column] of columns.entries())
    if (!numberTypes.test(types.get(column)!) && !(index === 0 && isDated))
      refuse(`column '${column}' is ${types.get(column)}; it has to be a number or true/false`)
  const numbers = columns.map((column, index) =>
    index === 0 && isDated
      ? sql`extract(epoch from unit.${sql.ident(column)})::float8`
      : asNumber(column, types),
  )
  const query = sql`
    select ${sql.join(numbers, sql`, `)}
    from ${relationIdent(relationOf(ref))} as unit
    ${whereOf(where, 'unit')}
    order by 1`
  const kinds = columns.map(() => 'float8' as const)
  const { n, columns: read } = await readBinaryRows(session.copyOut(query, 'binary'), kinds)
  const all = read as readonly FloatColumn[]
  const kept = Array.from({ length: n }, (_, row) => row).filter((row) =>
    all.every(({ values }) => Number.isFinite(values[row]!)),
  )
  if (kept.length < n && missing === 'refuse')
    refuse(
      `of ${n - kept.length} rows something is not known: ${unknownWords(columns, all)}`,
      'write missing: drop to leave them out, or fill them in the model',
    )
  return {
    ...{ incomplete: n - kept.length, isDated },
    values: new Map(
      columns.map((column, index) => [column, Float64Array.from(kept, (row) => all[index]!.values[row]!)]),
    ),
  }
}

/** `sales of 2, price of 1`: of how many rows each column is not known. */
function unknownWords(columns: readonly string[], all: readonly FloatColumn[]): string {
  const counts = all.map(({ values }) => values.reduce((sum, one) => sum + (Number.isFinite(one) ? 0 : 1), 0))
  return columns
    .flatMap((column, index) => (counts[index]! > 0 ? [`${column} of ${counts[index]}`] : []))
    .join(', ')
}
