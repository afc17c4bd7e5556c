import type { Relation } from '../../core/node.ts'
import { createTableAs, relationIdent, type Session, type SQLQuery, sql } from '../../warehouse/index.ts'

/** Makes tables from queries; those that are only worked on go when the work is done. */
export interface WorkTables {
  /** Makes a table that stays, and returns how many rows it has. */
  readonly makeKept: (relation: Relation, query: SQLQuery) => Promise<number>
  readonly make: (name: string, query: SQLQuery) => Promise<Relation>
  readonly makeCounted: (
    name: string,
    query: SQLQuery,
  ) => Promise<{ readonly relation: Relation; readonly rows: number }>
  readonly analyze: (relation: Relation, columns?: readonly string[]) => Promise<void>
}

/** Works with tables whose names `workRelation` gives, and drops them at the end; after a failure the transaction has. */
export async function withWorkTables<Result>(
  session: Session,
  workRelation: (name: string) => Relation,
  work: (tables: WorkTables) => Promise<Result>,
): Promise<Result> {
  const made: Relation[] = []
  const makeCounted: WorkTables['makeCounted'] = async (name, query) => {
    const relation = workRelation(name)
    const { rowCount } = await session.query(createTableAs(relation, query, { unlogged: true }))
    made.push(relation)
    return { relation, rows: rowCount }
  }
  try {
    return await work({
      makeCounted,
      make: async (name, query) => (await makeCounted(name, query)).relation,
      makeKept: async (relation, query) =>
        (await session.query(createTableAs(relation, query, { unlogged: false }))).rowCount,
      analyze: async (relation, columns = []) => {
        const names = columns.map((name) => sql.ident(name))
        const list = names.length === 0 ? sql`` : sql` (${sql.join(names, sql`, `)})`
        await session.query(sql`analyze ${relationIdent(relation)}${list}`)
      },
    })
  } finally {
    for (const relation of made)
      await session.query(sql`drop table if exists ${relationIdent(relation)}`).catch(() => {})
  }
}
