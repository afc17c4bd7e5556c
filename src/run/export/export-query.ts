import { makeProblem, ProblemError } from '../../core/problem.ts'
import {
  type CopyOutFormat,
  type ResultColumn,
  type Session,
  type SQLQuery,
  sql,
} from '../../warehouse/index.ts'
import type { ExportFormat } from './export-target.ts'
import { parquetSql } from './parquet-columns.ts'

/*
 * What the server is asked for: rows that are already written as they are to stand in the file, so that JavaScript
 * looks at no value, but for Parquet. Rows that are divided have the value of their partition in front, and come in its order.
 */

/** A column of what is exported. */
export type ExportColumn = ResultColumn

export interface ExportQuery {
  readonly query: SQLQuery
  readonly copy: Exclude<CopyOutFormat, string> | 'text'
  /** What each file begins with. */
  readonly head: string
  /** What ends the value of the partition in front of each row. */
  readonly separator: number
}

/** Values are written in one way, whatever the session's own is, and times with a zone in UTC. */
export async function settleNotation(session: Session): Promise<void> {
  await session.query(sql`
    select
      set_config('datestyle', 'ISO', true),
      set_config('intervalstyle', 'postgres', true),
      set_config('timezone', 'UTC', true),
      set_config('bytea_output', 'hex', true),
      set_config('extra_float_digits', '1', true)`)
}

/** The columns of a query, checked for what is to become of it. */
export async function exportColumns(
  session: Session,
  query: SQLQuery,
  partitionBy: string | undefined,
): Promise<readonly ExportColumn[]> {
  const { columns } = await session.queryTable(sql`select * from (${query}) as exported limit 0`)
  const names = columns.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined)
    throw exportProblem(
      `two columns are called '${twice}'`,
      'give one of them another name in a query: --inline',
    )
  if (partitionBy === undefined) return columns
  const column = columns.find(({ name }) => name === partitionBy)
  if (!column)
    throw exportProblem(`there is no column '${partitionBy}' to divide by`, `there are ${names.join(', ')}`)
  if (column.type !== 'date')
    throw exportProblem(
      `'${partitionBy}' is of type ${column.type}, and rows are divided by a date`,
      `make one in a query: --inline "select *, ${partitionBy}::date as day from …" --partition-by day`,
    )
  if (columns.length === 1)
    throw exportProblem(`there is nothing but '${partitionBy}', which goes into the names of the folders`)
  return columns
}

/** The query that gives the lines of the files. */
export function exportQuery(
  inner: SQLQuery,
  columns: readonly ExportColumn[],
  format: ExportFormat,
  partitionBy: string | undefined,
): ExportQuery {
  const names = columns.map(({ name }) => name).filter((name) => name !== partitionBy)
  const values = sql.join(
    names.map((name) => sql.ident('exported', name)),
    ', ',
  )
  const day = partitionBy === undefined ? null : sql.ident('exported', partitionBy)
  const key = day ? sql`${day}::text, ` : sql``
  const order = day ? sql` order by ${day}` : sql``
  switch (format) {
    case 'csv':
      return {
        query: sql`select ${key}${values} from (${inner}) as exported${order}`,
        copy: { format: 'csv', delimiter: ',', quote: '"' },
        head: `${names.map(csvName).join(',')}\n`,
        separator: 44,
      }
    case 'ndjson':
      // Line breaks are only between the parts of a JSON text, and only of a column of type json. No JSON holds what
      // encloses and separates values here.
      return {
        query: sql`
          select ${key}translate(row_to_json(line)::text, e'\\n\\r', '  ')
          from (${inner}) as exported, lateral (select ${values}) as line${order}`,
        copy: { format: 'csv', delimiter: '\x01', quote: '\x02' },
        head: '',
        separator: 1,
      }
    case 'parquet':
      return {
        query: sql`
          select ${day ? sql`coalesce(${day}::text, ''), ` : sql``}${sql.join(
            columns.filter(({ name }) => name !== partitionBy).map(parquetSql),
            ', ',
          )}
          from (${inner}) as exported${order}`,
        copy: 'text',
        head: '',
        separator: 9,
      }
  }
}

/** What is wrong with an export. */
export function exportProblem(message: string, hint?: string, cause?: unknown): ProblemError {
  const problem = makeProblem('export-failed', message, { ...(hint !== undefined && { hint }) })
  return new ProblemError(problem, { ...(cause !== undefined && { cause }) })
}

function csvName(name: string): string {
  return /[",\r\n]/.test(name) || name === '' ? `"${name.replaceAll('"', '""')}"` : name
}
