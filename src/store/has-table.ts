import { type Session, sql } from '../warehouse/index.ts'

/** Whether a table of the store is there: a plan looks at a warehouse in which nothing ever ran, too. */
export async function hasTable(session: Session, name: string): Promise<boolean> {
  const { rows } = await session.query<{ present: boolean }>(
    sql`select to_regclass(${`estimand.${name}`}) is not null as present`,
  )
  return rows[0]?.present ?? false
}
