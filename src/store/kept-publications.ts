import { type Relation, relationKey } from '../core/node.ts'
import { type ReplacedRelation, type Rewritten, type Session, sql } from '../warehouse/index.ts'
import { hasTable } from './has-table.ts'
import type { RunOwner } from './runs.ts'

/*
 * What publications have replaced and what is kept of it, with what the store said of it: publication, definition
 * and ledger of times. Putting it back puts back what is said, too.
 */

/** A publication that can be taken back. */
export interface KeptPublication {
  readonly publication: number
  readonly runId: string
  readonly command: string
  /** ISO 8601. */
  readonly publishedAt: string
  readonly relations: readonly ReplacedRelation[]
  /** Those that another run has published since. */
  readonly overtaken: readonly string[]
}

/** Notes what a publication replaced; call it in its transaction, before the store says anything new of that. */
export async function recordReplaced(
  session: Session,
  runId: string,
  publishedAt: Date,
  replaced: readonly ReplacedRelation[],
): Promise<void> {
  if (replaced.length === 0) return
  const rows = replaced.map(({ relation, kind, keptAs, definition, indexes, written, functions }) => ({
    schema_name: relation.schema,
    relation_name: relation.identifier,
    kind,
    kept_schema: keptAs?.schema ?? null,
    kept_name: keptAs?.identifier ?? null,
    definition,
    indexes,
    written_by: written?.by ?? null,
    written_rows: written?.rows ?? null,
    functions,
  }))
  await session.query(sql`
    with publication as (
      insert into estimand.kept_publications (run_id, published_at)
      values (${runId}, ${publishedAt.toISOString()})
      returning publication
    )
    insert into estimand.kept_relations
      (publication, schema_name, relation_name, kind, kept_schema, kept_name, definition, indexes, written_by,
        written_rows, functions, said)
    select
      publication.publication, before.schema_name, before.relation_name, before.kind, before.kept_schema,
      before.kept_name, before.definition, before.indexes, before.written_by, before.written_rows, before.functions,
      jsonb_build_object(
        'publication', to_jsonb(publications),
        'definition', definitions.fingerprint,
        'ledger', to_jsonb(ledgers),
        'intervals', (
          select jsonb_agg(to_jsonb(intervals))
          from estimand.intervals
          where intervals.schema_name = before.schema_name and intervals.relation_name = before.relation_name
        ),
        'files', (
          select jsonb_agg(to_jsonb(files))
          from estimand.loaded_files files
          where files.schema_name = before.schema_name and files.relation_name = before.relation_name
        )
      )
    from publication
    cross join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as before (
      schema_name text, relation_name text, kind text, kept_schema text, kept_name text, definition text,
      indexes jsonb, written_by text[], written_rows bigint, functions jsonb
    )
    left join estimand.publications using (schema_name, relation_name)
    left join estimand.definitions using (schema_name, relation_name)
    left join estimand.ledgers using (schema_name, relation_name)
    on conflict (publication, schema_name, relation_name) do nothing`)
}

/** The publications of a target that can be taken back, the newest first. */
export async function readKeptPublications(
  session: Session,
  { project, schema }: RunOwner,
): Promise<readonly KeptPublication[]> {
  if (!(await hasTable(session, 'kept_publications'))) return []
  const { rows } = await session.query<KeptPublication>(sql`
    select
      kept.publication,
      kept.run_id as "runId",
      runs.command,
      to_char(kept.published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "publishedAt",
      json_agg(
        json_build_object(
          'relation', json_build_object('schema', before.schema_name, 'identifier', before.relation_name),
          'kind', before.kind,
          'keptAs', case when before.kept_name is not null then
            json_build_object('schema', before.kept_schema, 'identifier', before.kept_name)
          end,
          'definition', before.definition,
          'indexes', before.indexes,
          'written', case when before.written_by is not null then
            json_build_object('by', before.written_by, 'rows', before.written_rows)
          end,
          'functions', before.functions
        ) order by before.schema_name, before.relation_name
      ) as relations,
      coalesce(
        json_agg(format('%s.%s', before.schema_name, before.relation_name))
          filter (where publications.run_id <> kept.run_id),
        '[]'
      ) as overtaken
    from estimand.kept_publications kept
    join estimand.runs using (run_id)
    join estimand.kept_relations before using (publication)
    left join estimand.publications using (schema_name, relation_name)
    where runs.project = ${project} and runs.target_schema = ${schema}
    group by kept.publication, kept.run_id, runs.command, kept.published_at
    order by kept.publication desc`)
  return rows
}

/** The run that published last before a publication; null where it was the first. */
export async function readRunBefore(
  session: Session,
  { project, schema }: RunOwner,
  { publishedAt }: KeptPublication,
): Promise<string | null> {
  const { rows } = await session.query<{ run_id: string }>(sql`
    select run_id
    from estimand.runs
    where project = ${project}
      and target_schema = ${schema}
      and command <> 'rollback'
      and rolled_back_at is null
      and date_trunc('milliseconds', published_at) < ${publishedAt}::timestamptz
    order by published_at desc
    limit 1`)
  return rows[0]?.run_id ?? null
}

/** Forgets all but the newest publications of a target and returns the runs whose relations are not kept any more. */
export async function forgetOldPublications(
  session: Session,
  { project, schema }: RunOwner,
  keep: number,
): Promise<string[]> {
  const { rows } = await session.query<{ run_id: string }>(sql`
    with gone as (
      delete from estimand.kept_publications
      where publication in (
        select kept.publication
        from estimand.kept_publications kept
        join estimand.runs using (run_id)
        where runs.project = ${project} and runs.target_schema = ${schema}
        order by kept.publication desc
        offset ${keep}
      )
      returning publication, run_id
    )
    select distinct gone.run_id
    from gone
    where not exists (
      select from estimand.kept_publications others
      where others.run_id = gone.run_id and others.publication not in (select publication from gone)
    )`)
  return rows.map(({ run_id }) => run_id)
}

/** What is put back: of which publication, for each relation. */
export interface Restored {
  readonly relation: Relation
  readonly publication: number
}

/**
 * Says of relations again what was said of them before a publication, which has been taken back; and forgets the
 * publications. What stands there is not known to come from anything, so that the next run builds it anew.
 */
export async function restoreNotes(
  session: Session,
  restored: readonly Restored[],
  undone: readonly KeptPublication[],
  at: Date,
): Promise<void> {
  const rows = restored.map(({ relation, publication }) => ({
    schema_name: relation.schema,
    relation_name: relation.identifier,
    publication,
  }))
  const chosen = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as chosen (
    schema_name text, relation_name text, publication int
  )`
  const said = sql`${chosen} join estimand.kept_relations before using (publication, schema_name, relation_name)`
  for (const table of [sql`publications`, sql`ledgers`, sql`loaded_files`])
    await session.query(sql`
      delete from estimand.${table} using ${chosen}
      where ${table}.schema_name = chosen.schema_name and ${table}.relation_name = chosen.relation_name`)
  await session.query(sql`
    insert into estimand.publications (schema_name, relation_name, node_id, run_id, fingerprint, published_at)
    select
      row.schema_name, row.relation_name, row.node_id, row.run_id,
      case when before.kind in ('table', 'rows') then row.fingerprint end, row.published_at
    from ${said}
    cross join jsonb_populate_record(null::estimand.publications, before.said -> 'publication') as row
    where jsonb_typeof(before.said -> 'publication') = 'object'`)
  await session.query(sql`
    insert into estimand.definitions (schema_name, relation_name, fingerprint)
    select schema_name, relation_name, before.said -> 'definition'
    from ${said}
    where jsonb_typeof(before.said -> 'definition') = 'object'
      and jsonb_typeof(before.said -> 'publication') = 'object'`)
  await session.query(sql`
    insert into estimand.ledgers (schema_name, relation_name, relation_oid)
    select before.schema_name, before.relation_name, c.oid
    from ${said}
    join pg_catalog.pg_namespace n on n.nspname = before.schema_name
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = before.relation_name
    where jsonb_typeof(before.said -> 'ledger') = 'object' and before.kind in ('table', 'rows')`)
  await session.query(sql`
    insert into estimand.intervals
    select one.*
    from ${said}
    join estimand.ledgers using (schema_name, relation_name)
    cross join jsonb_populate_recordset(null::estimand.intervals, before.said -> 'intervals') as one
    where jsonb_typeof(before.said -> 'intervals') = 'array'`)
  await session.query(sql`
    insert into estimand.loaded_files
    select (jsonb_populate_record(one, jsonb_build_object('relation_oid', c.oid))).*
    from ${said}
    join pg_catalog.pg_namespace n on n.nspname = before.schema_name
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = before.relation_name
    cross join jsonb_populate_recordset(null::estimand.loaded_files, before.said -> 'files') as one
    where jsonb_typeof(before.said -> 'files') = 'array' and before.kind in ('table', 'rows')`)
  const runs = undone.map(({ runId }) => runId)
  await session.query(sql`
    update estimand.runs set rolled_back_at = ${at.toISOString()} where run_id = any(${runs}::uuid[])`)
  await session.query(sql`
    delete from estimand.kept_publications
    where publication = any(${undone.map(({ publication }) => publication)}::int[])`)
}

/** Notes that rows of publications stand under other transactions now. */
export async function recordRewritten(
  session: Session,
  { schema, identifier }: Relation,
  rewritten: readonly Rewritten[],
): Promise<void> {
  for (const { publication, by } of rewritten)
    await session.query(sql`
      update estimand.kept_relations
      set written_by = array_append(written_by, ${by})
      where publication = ${publication} and schema_name = ${schema} and relation_name = ${identifier}`)
}

/** Notes a rollback among the runs. */
export async function recordRollback(
  session: Session,
  { project, target, schema }: RunOwner,
  runId: string,
  at: Date,
): Promise<void> {
  await session.query(sql`
    insert into estimand.runs
      (run_id, project, target, target_schema, command, status, build_schema, started_at, finished_at, published_at)
    values (${runId}, ${project}, ${target}, ${schema}, 'rollback', 'success', '', ${at.toISOString()},
      ${at.toISOString()}, ${at.toISOString()})`)
}

/** Names of relations, in order. */
export function keysOf(relations: readonly Pick<ReplacedRelation, 'relation'>[]): string[] {
  return relations.map(({ relation }) => relationKey(relation)).sort()
}
