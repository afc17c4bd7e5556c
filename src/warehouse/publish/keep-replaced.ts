import { type Relation, relationKey } from '../../core/node.ts'
import { setSchema } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { Surroundings } from './look-around.ts'
import type { PublishAction } from './publish-action.ts'
import { type RelationState, readStates } from './relation-state.ts'

/*
 * Keeping what a publication replaces, so that it can be put back: tables as they are, in another schema; of views
 * what they are made from.
 */

/** What stood where something was published. */
export interface ReplacedRelation {
  readonly relation: Relation
  /** `none`: nothing; `grown`: the same, which has other rows or another body now, and of which nothing is kept. */
  readonly kind: 'table' | 'view' | 'materialized_view' | 'none' | 'grown'
  /** Where the table is kept. */
  readonly keptAs: Relation | null
  /** The SELECT of a view. */
  readonly definition: string | null
  /** CREATE INDEX statements of a materialized view. */
  readonly indexes: readonly string[]
}

/** Where a table is kept. */
export type KeepIn = (relation: Relation) => Relation

/** Tells what is replaced; call it before anything is dropped, with an empty search path. */
export async function describeReplaced(
  session: Session,
  actions: readonly PublishAction[],
  { replaced, moved, made }: Surroundings,
  keepIn: KeepIn,
): Promise<readonly ReplacedRelation[]> {
  const oids = [...replaced.values()].filter(({ kind }) => kind !== 'table').map(({ oid }) => oid)
  const views = oids.length > 0 ? await readStates(session, { oids }, { withDefinitions: true }) : []
  const byOid = new Map(views.map((view) => [view.oid, view]))
  const nothing = { keptAs: null, definition: null, indexes: [] }
  const known = [...replaced.values()].map((state): ReplacedRelation => {
    const { schema, identifier, kind } = state
    const relation = { schema, identifier }
    const view = byOid.get(state.oid)
    if (kind === 'table') return { ...nothing, relation, kind, keptAs: keepIn(relation) }
    const isView = kind === 'view' || kind === 'materialized_view'
    return isView && view?.definition
      ? {
          relation,
          kind,
          keptAs: null,
          definition: view.definition.replace(/;\s*$/, ''),
          indexes: view.indexes,
        }
      : { ...nothing, relation, kind: 'grown' }
  })
  const fresh = [...moved, ...made]
    .map(({ published }) => published)
    .filter((relation) => !replaced.has(relationKey(relation)))
  const grown = actions.filter(changesInPlace).map(({ published }) => published)
  return [
    ...known,
    ...fresh.map((relation): ReplacedRelation => ({ ...nothing, relation, kind: 'none' })),
    ...grown.map((relation): ReplacedRelation => ({ ...nothing, relation, kind: 'grown' })),
  ]
}

function changesInPlace(action: PublishAction): boolean {
  if (action.kind === 'function') return true
  return (action.kind === 'apply-delta' || action.kind === 'apply-versions') && !action.isEmpty
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
    select distinct format('revoke all on table %s from %s', chosen.name, acl.grantee::regrole)
    from chosen
    cross join lateral aclexplode(chosen.relacl) as acl
    where acl.grantee <> chosen.relowner and acl.grantee <> 0
    union all
    select distinct format('revoke all on table %s from public', chosen.name)
    from chosen
    cross join lateral aclexplode(chosen.relacl) as acl
    where acl.grantee = 0`)
  return rows.map(({ statement }) => unsafeSql(statement))
}
