import { type Session, sql, unsafeSql } from '../../../src/warehouse/index.ts'

/** What PostgreSQL says about a query: the names of its columns, and the columns it depends on. */
export interface ViewFacts {
  readonly columns: readonly string[]
  /** `schema.table.column`, sorted. */
  readonly dependencies: readonly string[]
}

/** Makes a view of the query, reads what PostgreSQL noted about it, and takes the view away again. */
export async function viewFacts(session: Session, text: string): Promise<ViewFacts> {
  await session.query(unsafeSql(`create view lin.probe as ${text}`))
  const { rows } = await session.query<{ columns: string[]; dependencies: string[] }>(sql`
    select
      array(
        select attname::text
        from pg_catalog.pg_attribute
        where attrelid = 'lin.probe'::regclass and attnum > 0
        order by attnum
      ) as columns,
      array(
        select distinct n.nspname || '.' || c.relname || '.' || a.attname
        from pg_catalog.pg_rewrite r
        join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        join pg_catalog.pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        where r.ev_class = 'lin.probe'::regclass and c.oid <> r.ev_class and d.refobjsubid > 0
        order by 1
      ) as dependencies`)
  await session.query(sql`drop view lin.probe`)
  return rows[0]!
}
