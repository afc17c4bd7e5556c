import type { Relation } from '../../core/node.ts'
import {
  columnList,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../../warehouse/index.ts'
import { failureOfData } from './copy-records.ts'
import type { Route } from './route.ts'

/*
 * Rows that go through a table of the session first. It is no table that others see, so its rows are not logged; it is
 * emptied for each chunk.
 */

export interface Stage {
  readonly relation: Relation
  readonly route: Route & { readonly kind: 'staged' }
}

const isObject = 'estimand_is_object'

/** What the stage itself refuses, in words for people. */
export const stageReasons: ReadonlyMap<string, string> = new Map([[isObject, 'the line is no JSON object']])

/** Makes the table through which chunks go. */
export async function makeStage(
  session: Session,
  name: string,
  route: Route & { readonly kind: 'staged' },
): Promise<Stage> {
  const columns = route.staging.map(({ name, type }) => sql`${sql.ident(name)} ${unsafeSql(type)}`)
  const checks = route.staging.flatMap(({ name, type }) =>
    type === 'jsonb'
      ? [
          sql`constraint ${sql.ident(isObject)} check (pg_catalog.jsonb_typeof(${sql.ident(name)}) = 'object')`,
        ]
      : [],
  )
  await session.query(sql`drop table if exists ${sql.ident('pg_temp', name)}`)
  await session.query(sql`
    create temporary table ${sql.ident(name)} (
      row_number bigint generated always as identity,
      ${sql.join([...columns, ...checks], ', ')}
    )`)
  return { relation: { schema: 'pg_temp', identifier: name }, route }
}

/** A staged row that does not fit; `position` counts the staged rows from 0. */
export interface BadStaged {
  readonly position: number
  readonly column: string | null
  readonly reason: string
}

/** Inserts all staged rows into the table, but for those that do not fit; the stage is empty then. */
export async function insertStaged(
  session: Session,
  stage: Stage,
  target: Relation,
): Promise<{ readonly rows: number; readonly bad: readonly BadStaged[] }> {
  const all = await tryInsert(session, stage, target, sql`true`)
  const result = typeof all === 'number' ? { rows: all, bad: [] } : await insertAround(session, stage, target)
  await session.query(sql`truncate ${relationIdent(stage.relation)}`)
  return result
}

/** Inserts halves of what fails, until single rows are left: log2 of the chunk for each bad row. */
async function insertAround(session: Session, stage: Stage, target: Relation) {
  // Ordered by the column itself: the name alone would mean the text.
  const { rows: numbers } = await session.query<{ row_number: string }>(sql`
    select staged.row_number::text from ${relationIdent(stage.relation)} as staged order by staged.row_number
  `)
  const waiting = [{ from: 0, to: numbers.length }]
  let rows = 0
  const bad: BadStaged[] = []
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    const { from, to } = part
    const [first, last] = [numbers[from]!.row_number, numbers[to - 1]!.row_number]
    const range = sql`staged.row_number between ${unsafeSql(first)} and ${unsafeSql(last)}`
    const inserted = await tryInsert(session, stage, target, range)
    if (typeof inserted === 'number') {
      rows += inserted
    } else if (to - from === 1) {
      const column = await columnThatFails(session, stage, range)
      bad.push({ position: from, column: column ?? inserted.column ?? null, reason: inserted.message })
    } else {
      const middle = from + Math.ceil((to - from) / 2)
      waiting.push({ from: middle, to }, { from, to: middle })
    }
  }
  return { rows, bad }
}

/** The number of rows inserted, or why none were. */
async function tryInsert(session: Session, { relation, route }: Stage, target: Relation, which: SQLQuery) {
  const isThere = route.staging[0]!.type === 'jsonb' ? sql` and staged.document is not null` : sql``
  try {
    const { rowCount } = await session.query(sql`
      insert into ${relationIdent(target)} (${columnList(route.values.map(({ column }) => column))})
      select ${sql.join(
        route.values.map(({ value }) => value),
        ', ',
      )}
      from ${relationIdent(relation)} as staged
      where ${which}${isThere}
      order by staged.row_number`)
    return rowCount
  } catch (error) {
    const failure = failureOfData(error)
    if (!failure) throw error
    return failure
  }
}

/** Which value of a single row cannot be made; null when each can, and the row as a whole is refused. */
async function columnThatFails(
  session: Session,
  { relation, route }: Stage,
  which: SQLQuery,
): Promise<string | null> {
  for (const { column, value } of route.values) {
    try {
      await session.query(
        sql`select ${value} as value from ${relationIdent(relation)} as staged where ${which}`,
      )
    } catch (error) {
      if (!failureOfData(error)) throw error
      return column
    }
  }
  return null
}
