import type { Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { PublishAction } from './publish-action.ts'

/*
 * Functions are replaced where they stand: what uses the published one, views of others too, goes on using it. They
 * are made before the relations that they read are in their place, so their bodies are not looked at again.
 */

/** Makes the functions of a publication. */
export async function publishFunctions(session: Session, actions: readonly PublishAction[]): Promise<void> {
  const definitions = actions.flatMap((action) => (action.kind === 'function' ? action.definitions : []))
  await withoutLooking(session, definitions.map(unsafeSql))
}

/**
 * Finds out whether functions can take the place of those that stand there, and leaves everything as it is. Another
 * return type or other names of arguments, for example, the server refuses.
 */
export async function rehearseFunctions(
  session: Session,
  { schema, identifier }: Relation,
  statements: readonly SQLQuery[],
): Promise<void> {
  const { rows } = await session.query<{ there: boolean }>(sql`
    select exists (
      select from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where n.nspname = ${schema} and p.proname = ${identifier}
    ) as there`)
  if (!rows[0]!.there) return
  const done = new Error('rehearsed')
  try {
    await session.transaction(async () => {
      await withoutLooking(session, statements)
      throw done
    })
  } catch (error) {
    if (error !== done) throw error
  }
}

async function withoutLooking(session: Session, statements: readonly SQLQuery[]): Promise<void> {
  if (statements.length === 0) return
  await session.runAll([
    sql`set local check_function_bodies = off`,
    ...statements,
    sql`set local check_function_bodies to default`,
  ])
}

/**
 * Refuses a publication of which something would use a function that goes away with the run: a constraint, an index
 * or a default of a table that was built with it.
 */
export async function refuseStrays(session: Session, buildSchema: string): Promise<void> {
  const { rows } = await session.query<{ stray: string }>(sql`
    select distinct i.type || ' ' || i.identity as stray
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_depend d
      on d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = p.oid and d.deptype in ('n', 'a')
    cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) as i
    where (n.nspname = ${buildSchema} or starts_with(n.nspname, ${`${buildSchema}__`}))
      and strpos(i.identity, ${buildSchema}) = 0
    order by 1`)
  if (rows.length === 0) return
  const strays = rows.map(({ stray }) => stray).join(', ')
  throw new ProblemError(
    makeProblem('publish-refused', `a function of the run is used by ${strays}`, {
      hint: 'make it in a post-hook of a view, or publish with --publish node; nothing was published',
    }),
  )
}
