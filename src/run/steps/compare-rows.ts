import type { Relation } from '../../core/node.ts'
import {
  type CatalogColumn,
  columnsOf,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
} from '../../warehouse/index.ts'

/*
 * Two tables compared as bags of rows, by the database: what stands in one and not in the other, as often as it does.
 */

export interface RowDifference {
  /** Whether the row was expected and is missing; otherwise it came out and was not expected. */
  readonly isExpected: boolean
  readonly values: readonly (string | null)[]
}

export interface Comparison {
  readonly columns: readonly string[]
  /** The first differences, in the order of their values. */
  readonly differences: readonly RowDifference[]
  /** How many there are. */
  readonly differing: number
}

const maxShown = 20

/** Compares the columns that the expected table has. */
export async function compareRows(
  session: Session,
  actual: Relation,
  expected: Relation,
): Promise<Comparison> {
  const [found, wanted] = [await columnsOf(session, actual), await columnsOf(session, expected)]
  const columns = (wanted ?? []).map(({ name }) => name)
  const side = (relation: Relation, own: readonly CatalogColumn[] = []) =>
    sql`select ${sql.join(
      columns.map((name) => comparable(name, own, wanted ?? [])),
      ', ',
    )} from ${relationIdent(relation)}`
  const texts = columns.map((name) => sql`${sql.ident(name)}::text`)
  const { rows } = await session.query<{
    isExpected: boolean
    values: (string | null)[]
    differing: number
  }>(sql`
    select "isExpected", values, count(*) over ()::int as differing
    from (
      select true as "isExpected", array[${sql.join(texts, ', ')}] as values
      from (${side(expected, wanted)} except all ${side(actual, found)}) as missing
      union all
      select false, array[${sql.join(texts, ', ')}]
      from (${side(actual, found)} except all ${side(expected, wanted)}) as unexpected
    ) as differences
    order by values, "isExpected" desc
    limit ${maxShown}`)
  return {
    columns,
    differences: rows.map(({ isExpected, values }) => ({ isExpected, values })),
    differing: rows[0]?.differing ?? 0,
  }
}

/** Types that have no equality are compared as text, and so are columns whose types have nothing in common. */
const incomparable = /^(json|xml|point|line|lseg|box|path|polygon|circle)$/

function comparable(name: string, own: readonly CatalogColumn[], wanted: readonly CatalogColumn[]): SQLQuery {
  const type =
    own.find((column) => column.name === name)?.type ?? wanted.find((column) => column.name === name)?.type
  const column = sql.ident(name)
  if (type === 'json') return sql`${column}::jsonb as ${column}`
  return incomparable.test(type ?? '') ? sql`${column}::text as ${column}` : column
}
