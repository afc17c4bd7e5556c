import { makeProblem, ProblemError } from '../../core/problem.ts'
import { type CatalogColumn, existingRelations, type Queryable } from '../catalog.ts'
import { columnList, relationIdent } from '../relation-sql.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral, unsafeSql } from '../sql-text.ts'
import type { RowChange } from './keep-rows.ts'
import type { ApplyDelta } from './publish-action.ts'

/*
 * An increment goes into the published table. All of it is repeatable: applying the same delta twice gives the
 * same table, unless the strategy is append.
 */

/** Says what a delta does to the rows of its table, once it is known that it may. */
export async function changesOfDelta(on: Queryable, delta: ApplyDelta): Promise<readonly RowChange[]> {
  const built = (await existingRelations(on, [delta.build]))[0]?.columns ?? []
  if (isMerge(delta)) await refuseRepeatedKeys(on, delta)
  return deltaChanges(delta, built)
}

/** What changes the columns of a published table before rows go into it. */
export function columnChanges({
  published,
  addColumns = [],
  dropColumns = [],
  alterColumns = [],
}: Pick<ApplyDelta, 'published' | 'addColumns' | 'dropColumns' | 'alterColumns'>): SQLQuery[] {
  const table = relationIdent(published)
  return [
    ...dropColumns.map((name) => sql`alter table ${table} drop column ${sql.ident(name)}`),
    ...alterColumns.map(
      ({ name, type }) =>
        sql`alter table ${table} alter column ${sql.ident(name)} type ${unsafeSql(type)} using ${sql.ident(name)}::${unsafeSql(type)}`,
    ),
    ...addColumns.map(
      ({ name, type }) => sql`alter table ${table} add column ${sql.ident(name)} ${unsafeSql(type)}`,
    ),
  ]
}

/** A batch replaces rows by their key, like a merge. */
function isMerge({ strategy }: ApplyDelta): boolean {
  return strategy === 'merge' || strategy === 'microbatch'
}

/** The statements that write the rows. */
export function deltaStatements(
  delta: ApplyDelta,
  built: readonly Pick<CatalogColumn, 'name'>[],
): SQLQuery[] {
  return deltaChanges(delta, built).map(({ statement }) => statement)
}

/** What changes the rows; only columns that the delta has are written. */
function deltaChanges(delta: ApplyDelta, built: readonly Pick<CatalogColumn, 'name'>[]): RowChange[] {
  const columns = delta.columns.filter((name) => built.some((column) => column.name === name))
  const table = relationIdent(delta.published)
  const fresh = relationIdent(delta.build)
  const values = columns.map((name) => sql`dbt_internal_source.${sql.ident(name)}`)
  const insert = sql`insert into ${table} (${columnList(columns)})\nselect ${sql.join(values, ', ')}\nfrom ${fresh} as dbt_internal_source`
  const add = (statement: SQLQuery): RowChange => ({ statement, writes: true })
  const remove = (condition: SQLQuery): RowChange => ({
    statement: sql`delete from ${table} as dbt_internal_dest\nwhere ${condition}`,
    writes: false,
    takes: { alias: 'dbt_internal_dest', condition },
  })
  if (delta.times) return [remove(isInTimes(delta.times)), add(insert)]
  if (delta.strategy === 'append' || delta.uniqueKey.length === 0) return [add(insert)]
  if (delta.strategy === 'delete+insert') return [remove(replacedRows(delta)), add(insert)]
  const same = sameRow(delta)
  const addNew = add(
    sql`${insert}\nwhere not exists (select from ${table} as dbt_internal_dest where ${same})`,
  )
  const assignments = updatedColumns(delta, columns).map(
    (name) => sql`${sql.ident(name)} = dbt_internal_source.${sql.ident(name)}`,
  )
  // MERGE would do, but PostgreSQL 14 has none.
  if (assignments.length === 0) return [addNew]
  const overwrite: RowChange = {
    statement: sql`update ${table} as dbt_internal_dest\nset ${sql.join(assignments, ', ')}\nfrom ${fresh} as dbt_internal_source\nwhere ${same}`,
    writes: true,
    takes: {
      alias: 'dbt_internal_dest',
      condition: sql`exists (select from ${fresh} as dbt_internal_source where ${same})`,
    },
  }
  return [overwrite, addNew]
}

/**
 * Whether a row of the table is one of those that a delta for these times replaces. The times are literals without a
 * type: as what the column is, be it a date, they mean the same instant in UTC.
 */
export function isInTimes({ column, intervals }: NonNullable<ApplyDelta['times']>): SQLQuery {
  const time = sql.ident('dbt_internal_dest', column)
  const within = intervals.map(
    ({ from, to }) => sql`(${time} >= ${sqlLiteral(from)} and ${time} < ${sqlLiteral(to)})`,
  )
  return within.length === 0 ? sql`false` : sql`(${sql.join(within, ' OR ')})`
}

/** The columns of a known row that a merge overwrites. */
export function updatedColumns(
  { uniqueKey, updateColumns }: Pick<ApplyDelta, 'uniqueKey' | 'updateColumns'>,
  columns: readonly string[],
): string[] {
  return columns.filter((name) => (updateColumns ? updateColumns.includes(name) : !uniqueKey.includes(name)))
}

/** Which rows of the table, as `dbt_internal_dest`, the delta has others for. */
export function replacedRows(
  delta: Pick<ApplyDelta, 'build' | 'uniqueKey' | 'keyExpressions' | 'predicates'>,
): SQLQuery {
  const { build, keyExpressions, predicates = [] } = delta
  if (!keyExpressions)
    return sql`exists (select from ${relationIdent(build)} as dbt_internal_source where ${sameRow(delta)})`
  // Names in it mean the row that it is about: out here the table's, in there the delta's.
  const key = sql.join(keyExpressions.map(unsafeSql), ', ')
  return sql.join(
    [
      sql`(${key}) in (select ${key} from ${relationIdent(build)} as dbt_internal_source)`,
      ...predicates.map((predicate) => sql`(${unsafeSql(predicate)})`),
    ],
    ' AND ',
  )
}

/** The same key in the delta and in the table, and what the model's own predicates ask for. */
export function sameRow({
  uniqueKey,
  predicates = [],
}: Pick<ApplyDelta, 'uniqueKey' | 'predicates'>): SQLQuery {
  const keys = uniqueKey.map(
    (key) => sql`dbt_internal_source.${sql.ident(key)} = dbt_internal_dest.${sql.ident(key)}`,
  )
  return sql.join([...keys, ...predicates.map((predicate) => sql`(${unsafeSql(predicate)})`)], ' AND ')
}

/** Two rows of one key have no right order; an UPDATE would take either without a word. */
async function refuseRepeatedKeys(on: Queryable, { build, published, uniqueKey }: ApplyDelta): Promise<void> {
  if (uniqueKey.length === 0) return
  const keys = columnList(uniqueKey)
  const { rows } = await on.query(sql`
    select ${keys} from ${relationIdent(build)} group by ${keys} having count(*) > 1 limit 1`)
  if (rows.length === 0) return
  const name = `${published.schema}.${published.identifier}`
  throw new ProblemError(
    makeProblem(
      'publish-refused',
      `the increment of ${name} has several rows for ${JSON.stringify(rows[0])}`,
      {
        hint: `unique_key (${uniqueKey.join(', ')}) must be unique in the increment when the strategy is merge`,
      },
    ),
  )
}
