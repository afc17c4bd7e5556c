import { relationKey } from '../../core/node.ts'
import { setSchema } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { Surroundings } from './look-around.ts'
import type { PublishAction } from './publish-action.ts'
import { type RelationState, readStates } from './relation-state.ts'
import { type KeepIn, nothingKept, type ReplacedRelation } from './replaced-relation.ts'

/*
 * Keeping what a publication replaces, so that it can be put back: tables as they are, in another schema; of views
 * what they are made from.
 */

/** Tells what is replaced; call it before anything is dropped, with an empty search path. */
export async function describeReplaced(
  session: Session,
  { replaced, moved, made }: Surroundings,
  keepIn: KeepIn,
): Promise<readonly ReplacedRelation[]> {
  const oids = [...replaced.values()].filter(({ kind }) => kind !== 'table').map(({ oid }) => oid)
  const views = oids.length > 0 ? await readStates(session, { oids }, { withDefinitions: true }) : []
  const byOid = new Map(views.map((view) => [view.oid, view]))
  const known = [...replaced.values()].map((state): ReplacedRelation => {
    const { schema, identifier, kind } = state
    const relation = { schema, identifier }
    const view = byOid.get(state.oid)
    if (kind === 'table') return { ...nothingKept, relation, kind, keptAs: keepIn(relation) }
    const isView = kind === 'view' || kind === 'materialized_view'
    return isView && view?.definition
      ? {
          ...nothingKept,
          relation,
          kind,
          definition: view.definition.replace(/;\s*$/, ''),
          indexes: view.indexes,
        }
      : { ...nothingKept, relation, kind: 'grown' }
  })
  const fresh = [...moved, ...made]
    .map(({ published }) => published)
    .filter((relation) => !replaced.has(relationKey(relation)))
  return [
    ...known,
    ...fresh.map((relation): ReplacedRelation => ({ ...nothingKept, relation, kind: 'none' })),
  ]
}

/** Tells which functions stand where some are published; call it before they are. */
export async function describeFunctions(
  session: Session,
  actions: readonly PublishAction[],
): Promise<readonly ReplacedRelation[]> {
  const published = actions.filter(({ kind }) => kind === 'function').map((action) => action.published)
  if (published.length === 0) return []
  const { rows } = await session.query<{ key: string; definitions: string[] }>(sql`
    select format('%s.%s', n.nspname, p.proname) as key, array_agg(pg_get_functiondef(p.oid)) as definitions
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where p.prokind in ('f', 'p')
      and (n.nspname, p.proname) in (
        select * from unnest(
          ${published.map(({ schema }) => schema)}::text[],
          ${published.map(({ identifier }) => identifier)}::text[]
        )
      )
    group by 1`)
  const found = new Map(rows.map(({ key, definitions }) => [key, definitions]))
  return published.map((relation): ReplacedRelation => {
    const functions = found.get(relationKey(relation)) ?? []
    const kind = functions.length > 0 ? 'function' : 'none'
    return { ...nothingKept, relation, kind, functions }
  })
}

/**
 * Moves the tables away. That nothing hangs on them that would be lost is tried by dropping them first: what would
 * refuse to let them go must not go along unseen.
 */
export async function keepTables(
  session: Session,
  tables: readonly RelationState[],
  drop: readonly SQLQuery[],
  dropForeignKeys: readonly SQLQuery[],
  keepIn: KeepIn,
): Promise<void> {
  if (tables.length === 0) return
  await session.runAll([
    sql`savepoint probe`,
    ...drop,
    sql`rollback to savepoint probe`,
    sql`release savepoint probe`,
    ...dropForeignKeys,
  ])
  const bare = await stripStatements(
    session,
    tables.map(({ oid }) => oid),
  )
  await session.runAll([...bare, ...tables.map((table) => setSchema(table, 'table', keepIn(table).schema))])
}

/** What takes off a table what its successor gets: who may read it, triggers, policies, rules, statistics, replication. */
async function stripStatements(session: Session, oids: readonly number[]): Promise<SQLQuery[]> {
  const { rows } = await session.query<{ statement: string }>(sql`
    with chosen as (
      select c.oid, c.relowner, c.relacl, c.relrowsecurity, format('%I.%I', n.nspname, c.relname) as name
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.oid = any(${oids}::oid[])
    )
    select format('drop trigger %I on %s', t.tgname, chosen.name) as statement
    from chosen
    join pg_catalog.pg_trigger t on t.tgrelid = chosen.oid and not t.tgisinternal
    union all
    select format('drop policy %I on %s', p.polname, chosen.name)
    from chosen
    join pg_catalog.pg_policy p on p.polrelid = chosen.oid
    union all
    select format('alter table %s disable row level security, no force row level security', name)
    from chosen
    where relrowsecurity
    union all
    select format('drop rule %I on %s', r.rulename, chosen.name)
    from chosen
    join pg_catalog.pg_rewrite r on r.ev_class = chosen.oid
    union all
    select format('drop statistics %I.%I', n.nspname, s.stxname)
    from chosen
    join pg_catalog.pg_statistic_ext s on s.stxrelid = chosen.oid
    join pg_catalog.pg_namespace n on n.oid = s.stxnamespace
    union all
    select format('alter publication %I drop table %s', p.pubname, chosen.name)
    from chosen
    join pg_catalog.pg_publication_rel r on r.prrelid = chosen.oid
    join pg_catalog.pg_publication p on p.oid = r.prpubid
    union all
    select distinct format('revoke all on table %s from %s', chosen.name, case
      when acl.grantee = 0 then 'public'
      else acl.grantee::regrole::text
    end)
    from chosen
    cross join lateral (
      select grantee from aclexplode(chosen.relacl)
      union all
      select entry.grantee from pg_catalog.pg_attribute a, aclexplode(a.attacl) as entry where a.attrelid = chosen.oid
    ) as acl
    where acl.grantee <> chosen.relowner`)
  return rows.map(({ statement }) => unsafeSql(statement))
}
