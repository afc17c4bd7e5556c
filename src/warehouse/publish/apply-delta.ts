import { makeProblem, ProblemError } from '../../core/problem.ts'
import { type CatalogColumn, existingRelations, type Queryable } from '../catalog.ts'
import { columnList, relationIdent } from '../relation-sql.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { ApplyDelta } from './publish-action.ts'

/*
 * An increment goes into the published table. All of it is repeatable: applying the same delta twice gives the
 * same table, unless the strategy is append.
 */

/** Runs the statements of a delta. */
export async function applyDelta(on: Queryable, delta: ApplyDelta): Promise<void> {
  for (const statement of columnChanges(delta)) await on.query(statement)
  const built = (await existingRelations(on, [delta.build]))[0]?.columns ?? []
  if (delta.strategy === 'merge') await refuseRepeatedKeys(on, delta)
  for (const statement of deltaStatements(delta, built)) await on.query(statement)
}

function columnChanges({ published, addColumns, dropColumns }: ApplyDelta): SQLQuery[] {
  const table = relationIdent(published)
  return [
    ...(dropColumns ?? []).map((name) => sql`alter table ${table} drop column ${sql.ident(name)}`),
    ...(addColumns ?? []).map(
      ({ name, type }) => sql`alter table ${table} add column ${sql.ident(name)} ${unsafeSql(type)}`,
    ),
  ]
}

/** The statements that write the rows; only columns that the delta has are written. */
export function deltaStatements(
  delta: ApplyDelta,
  built: readonly Pick<CatalogColumn, 'name'>[],
): SQLQuery[] {
  const columns = delta.columns.filter((name) => built.some((column) => column.name === name))
  const table = relationIdent(delta.published)
  const fresh = relationIdent(delta.build)
  const insert = sql`insert into ${table} (${columnList(columns)})\nselect ${columnList(columns)}\nfrom ${fresh} as fresh`
  const sameKey = sql.join(
    delta.uniqueKey.map((key) => sql`fresh.${sql.ident(key)} = old.${sql.ident(key)}`),
    ' AND ',
  )
  if (delta.strategy === 'append' || delta.uniqueKey.length === 0) return [insert]
  if (delta.strategy === 'delete+insert') {
    return [
      sql`delete from ${table} as old\nwhere exists (select from ${fresh} as fresh where ${sameKey})`,
      insert,
    ]
  }
  const values = columns.filter((name) => !delta.uniqueKey.includes(name))
  const assignments = values.map((name) => sql`${sql.ident(name)} = fresh.${sql.ident(name)}`)
  const isNew = sql`${insert}\nwhere not exists (select from ${table} as old where ${sameKey})`
  // MERGE would do, but PostgreSQL 14 has none.
  if (assignments.length === 0) return [isNew]
  return [
    sql`update ${table} as old\nset ${sql.join(assignments, ', ')}\nfrom ${fresh} as fresh\nwhere ${sameKey}`,
    isNew,
  ]
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
