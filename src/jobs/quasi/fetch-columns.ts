import type { RowCondition } from '../../core/did-spec.ts'
import { didYouMean } from '../../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { columnsOf, relationIdent, sql, sqlLiteral } from '../../warehouse/index.ts'
import { type FloatColumn, readBinaryRows } from '../experiment/data/binary-rows.ts'
import { asNumber } from '../experiment/data/cells-query.ts'
import type { JobContext } from '../job.ts'

/** Numbers of all rows by column, of those rows of which all are known. */
export interface NumberColumns {
  readonly n: number
  readonly values: ReadonlyMap<string, Float64Array>
  /** Rows that are left out. */
  readonly incomplete: number
  /** Whether the first column is told by dates: seconds since 1970 then. */
  readonly isDated: boolean
}

interface Wanted {
  readonly ref: string
  readonly where: readonly RowCondition[]
  /** The first may be a date; the rows come in its order. */
  readonly columns: readonly string[]
  readonly missing: 'refuse' | 'drop'
}

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision|boolean)/
const dateTypes = /^(date|timestamp)/

/** Fetches columns of numbers as one binary stream, in the order of the first; throws where a column is none. */
export async function fetchColumns(
  { ref, where, columns, missing }: Wanted,
  { session, relationOf, job }: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<NumberColumns> {
  const found = (await columnsOf(session, relationOf(ref))) ?? []
  const types = new Map(found.map(({ name, type }) => [name, type]))
  const refuse = (message: string, hint?: string): never => {
    throw new ProblemError(makeProblem('job-failed', message, { place: job.place, ...(hint && { hint }) }))
  }
  const isDated = dateTypes.test(types.get(columns[0]!) ?? '')
  for (const [index, column] of columns.entries()) {
    const type = types.get(column)
    if (type === undefined)
      refuse(`'${ref}' has no column '${column}'`, didYouMean(column, [...types.keys()]))
    else if (!numberTypes.test(type) && !(index === 0 && isDated))
      refuse(`column '${column}' is ${type}; it has to be a number or true/false`)
  }
  const conditions = where.map(({ column, values }) =>
    values
      ? sql`unit.${sql.ident(column)} in (${sql.join(
          values.map((value) => sqlLiteral(String(value))),
          sql`, `,
        )})`
      : sql`unit.${sql.ident(column)}`,
  )
  const numbers = columns.map((column, index) =>
    index === 0 && isDated
      ? sql`extract(epoch from unit.${sql.ident(column)})::float8`
      : asNumber(column, types),
  )
  const query = sql`
    select ${sql.join(numbers, sql`, `)}
    from ${relationIdent(relationOf(ref))} as unit
    ${conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`}
    order by 1`
  const kinds = columns.map(() => 'float8' as const)
  const { n, columns: read } = await readBinaryRows(session.copyOut(query, 'binary'), kinds)
  const all = read as readonly FloatColumn[]
  const kept = Array.from({ length: n }, (_, row) => row).filter((row) =>
    all.every(({ values }) => Number.isFinite(values[row]!)),
  )
  if (kept.length < n && missing === 'refuse')
    refuse(
      `of ${n - kept.length} rows something is not known`,
      'write missing: drop to leave them out, or fill them in the model',
    )
  return {
    ...{ n: kept.length, incomplete: n - kept.length, isDated },
    values: new Map(
      columns.map((column, index) => [column, Float64Array.from(kept, (row) => all[index]!.values[row]!)]),
    ),
  }
}
