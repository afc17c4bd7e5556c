import type { Relation } from '../core/node.ts'
import type { Queryable } from './catalog.ts'
import { sql } from './sql.ts'

/** What the catalogue and the server's counters tell of a relation. */
export interface ObservedRelation {
  /**
   * A short text that is another when the relation's rows or its definition have changed; a view's is that of all that
   * it reads. Null where that cannot be told: foreign tables, tables that are spread over nodes, a server that does not
   * count.
   */
  readonly state: string | null
  /** The views that it is or that it reads, by relation key, each with a text that is another when it was replaced. */
  readonly views: Readonly<Record<string, string>>
  /** The tables beneath it, or it itself. */
  readonly tables: readonly number[]
}

/** The states of relations, by relation key: see `ObservedRelation`. */
export async function relationStates(
  on: Queryable,
  relations: readonly Relation[],
  capabilities: { readonly citus: boolean },
): Promise<ReadonlyMap<string, string | null>> {
  const observed = await observeRelations(on, relations, capabilities)
  return new Map([...observed].map(([key, { state }]) => [key, state]))
}

/**
 * Looks at relations without reading a row; those that are not there are left out. Rows that are counted twice and
 * more count as changed: attempts of a transaction that failed, say.
 *
 * The server counts rows with a delay of some seconds, so a change of just now may show later, or by the table's size:
 * see `possibleWriters`. It forgets its counts when it breaks down, so since when it counts is a part of the state.
 */
export async function observeRelations(
  on: Queryable,
  relations: readonly Relation[],
  capabilities: { readonly citus: boolean },
): Promise<ReadonlyMap<string, ObservedRelation>> {
  if (relations.length === 0) return new Map()
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  const isSpread = capabilities.citus
    ? sql`exists (select from pg_catalog.pg_dist_partition p where p.logicalrelid = c.oid)`
    : sql`false`
  const { rows } = await on.query<ObservedRelation & { key: string }>(sql`
    with recursive reads (key, oid) as (
      select format('%s.%s', n.nspname, c.relname), c.oid
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where (n.nspname, c.relname) in (select * from unnest(${schemas}::text[], ${names}::text[]))
      union
      select reads.key, beneath.oid
      from reads
      cross join lateral (
        select d.refobjid as oid
        from pg_catalog.pg_class v
        join pg_catalog.pg_rewrite r on r.ev_class = v.oid
        join pg_catalog.pg_depend d
          on d.classid = 'pg_catalog.pg_rewrite'::regclass
          and d.objid = r.oid
          and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjid <> v.oid
        where v.oid = reads.oid and v.relkind = 'v'
        union all
        select i.inhrelid from pg_catalog.pg_inherits i where i.inhparent = reads.oid
      ) as beneath
    ),
    counting as materialized (
      select concat_ws(
        ' ',
        pg_catalog.pg_stat_get_bgwriter_stat_reset_time(),
        pg_catalog.pg_stat_get_db_stat_reset_time(
          (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
        )
      ) as since
    )
    select
      reads.key,
      case when not bool_or(c.relkind = 'f' or ${isSpread}) and current_setting('track_counts')::boolean then
        md5(concat((select since from counting), ' ', string_agg(
          concat_ws(
            ' ',
            c.oid,
            pg_catalog.pg_relation_filenode(c.oid),
            pg_catalog.pg_relation_size(c.oid),
            -- What this transaction has done itself is not among what is counted yet.
            pg_catalog.pg_stat_get_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid),
            pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid),
            pg_catalog.pg_stat_get_tuples_deleted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid),
            rule.version
          ),
          ';' order by c.oid
        )))
      end as state,
      coalesce(
        json_object_agg(format('%s.%s', n.nspname, c.relname), concat_ws(' ', c.oid, rule.version))
          filter (where c.relkind = 'v'),
        '{}'
      ) as views,
      coalesce(json_agg(c.oid::int8) filter (where c.relkind <> 'v'), '[]') as tables
    from reads
    join pg_catalog.pg_class c on c.oid = reads.oid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    -- A view that is replaced gets its rule anew; to read what it says takes ten times as long.
    left join lateral (
      select r.xmin::text as version
      from pg_catalog.pg_rewrite r
      where r.ev_class = c.oid and c.relkind = 'v' and r.rulename = '_RETURN'
    ) as rule on true
    group by reads.key`)
  return new Map(rows.map(({ key, ...observed }) => [key, observed]))
}

/**
 * A short text for each relation that there is, by relation key: which file it is and how large. It is another for a
 * table that was made anew, and for one that lost its rows because it is not logged and the server broke down.
 */
export async function relationFiles(
  on: Queryable,
  relations: readonly Relation[],
): Promise<ReadonlyMap<string, string>> {
  if (relations.length === 0) return new Map()
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  const { rows } = await on.query<{ key: string; file: string }>(sql`
    select
      format('%s.%s', n.nspname, c.relname) as key,
      concat_ws(' ', c.oid, pg_catalog.pg_relation_filenode(c.oid), pg_catalog.pg_relation_size(c.oid)) as file
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname) in (select * from unnest(${schemas}::text[], ${names}::text[]))`)
  return new Map(rows.map(({ key, file }) => [key, file]))
}
