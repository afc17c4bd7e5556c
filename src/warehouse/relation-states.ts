import type { Relation } from '../core/node.ts'
import type { Queryable } from './catalog.ts'
import { sql } from './sql.ts'

/**
 * A short text for each relation, by relation key, that is another when its rows or its definition have changed. It
 * is told from the catalogue and from what the server counts, without reading a row; a view's is that of all that it
 * reads. Null where that cannot be told: foreign tables, tables that are spread over nodes, a server that does not count.
 *
 * The server counts rows with a delay of some seconds, so a change of just now may show later, or by the table's size.
 */
export async function relationStates(
  on: Queryable,
  relations: readonly Relation[],
  capabilities: { readonly citus: boolean },
): Promise<ReadonlyMap<string, string | null>> {
  if (relations.length === 0) return new Map()
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  const isSpread = capabilities.citus
    ? sql`exists (select from pg_catalog.pg_dist_partition p where p.logicalrelid = c.oid)`
    : sql`false`
  const { rows } = await on.query<{ key: string; state: string | null }>(sql`
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
    )
    select
      reads.key,
      case when not bool_or(c.relkind = 'f' or ${isSpread}) and current_setting('track_counts')::boolean then
        md5(string_agg(
          concat_ws(
            ' ',
            c.oid,
            pg_catalog.pg_relation_filenode(c.oid),
            pg_catalog.pg_relation_size(c.oid),
            pg_catalog.pg_stat_get_tuples_inserted(c.oid),
            pg_catalog.pg_stat_get_tuples_updated(c.oid),
            pg_catalog.pg_stat_get_tuples_deleted(c.oid),
            rule.version
          ),
          ';' order by c.oid
        ))
      end as state
    from reads
    join pg_catalog.pg_class c on c.oid = reads.oid
    -- A view that is replaced gets its rule anew; to read what it says takes ten times as long.
    left join lateral (
      select r.xmin::text as version
      from pg_catalog.pg_rewrite r
      where r.ev_class = c.oid and c.relkind = 'v' and r.rulename = '_RETURN'
    ) as rule on true
    group by reads.key`)
  return new Map(rows.map(({ key, state }) => [key, state]))
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
