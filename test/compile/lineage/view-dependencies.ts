import type { Relation } from '../../../src/core/node.ts'
import { relationIdent, type Session, sql, unsafeSql } from '../../../src/warehouse/index.ts'

/** What PostgreSQL says about a view: the names of its columns, and the columns that it depends on. */
export interface ViewFacts {
  readonly columns: readonly string[]
  /** `schema.table.column`, sorted. */
  readonly dependencies: readonly string[]
}

/** Makes a view of the query and reads what PostgreSQL noted about it. */
export async function createView(session: Session, view: Relation, text: string): Promise<ViewFacts> {
  await session.query(sql`create view ${relationIdent(view)} as ${unsafeSql(text)}`)
  const { rows } = await session.query<{ columns: string[]; dependencies: string[] }>(sql`
    with probe as (
      select c.oid
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${view.schema} and c.relname = ${view.identifier}
    )
    select
      array(
        select a.attname::text
        from pg_catalog.pg_attribute a
        where a.attrelid = probe.oid and a.attnum > 0
        order by a.attnum
      ) as columns,
      array(
        select distinct n.nspname || '.' || c.relname || '.' || a.attname
        from pg_catalog.pg_rewrite r
        join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        join pg_catalog.pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        where r.ev_class = probe.oid and c.oid <> r.ev_class and d.refobjsubid > 0
      ) as dependencies
    from probe`)
  const { columns, dependencies } = rows[0]!
  return { columns, dependencies: dependencies.sort() }
}

/** As createView, for a view that is not needed any more. */
export async function viewFacts(session: Session, text: string): Promise<ViewFacts> {
  const facts = await createView(session, { schema: 'lin', identifier: 'probe' }, text)
  await session.query(sql`drop view lin.probe`)
  return facts
}
