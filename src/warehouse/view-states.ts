import { type Relation, relationKey } from '../core/node.ts'
import type { Queryable } from './catalog.ts'
import { sql } from './sql.ts'

export interface ViewState {
  /**
   * A short text that is another when making the view again from its text could give another view: when somebody
   * replaced it or renamed its columns, or when what it reads was replaced, was given another name or has other columns.
   */
  readonly state: string
  /** What `ObservedRelation` has for it among its views. */
  readonly version: string
}

/** Looks at the views that there are, by relation key. */
export async function viewStates(
  on: Queryable,
  views: readonly Relation[],
): Promise<ReadonlyMap<string, ViewState>> {
  if (views.length === 0) return new Map()
  const schemas = views.map(({ schema }) => schema)
  const names = views.map(({ identifier }) => identifier)
  const { rows } = await on.query<Relation & ViewState>(sql`
    with chosen as materialized (
      select c.oid, n.nspname, c.relname, r.oid as rule, r.ev_action::text as query,
        concat_ws(' ', c.oid, r.xmin) as version
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_rewrite r on r.ev_class = c.oid and r.rulename = '_RETURN'
      where c.relkind = 'v'
        and (n.nspname, c.relname) in (select * from unnest(${schemas}::text[], ${names}::text[]))
    ),
    concerned as materialized (
      select oid as view, oid as relation from chosen
      union
      select chosen.oid, d.refobjid
      from chosen
      join pg_catalog.pg_depend d
        on d.classid = 'pg_catalog.pg_rewrite'::regclass
        and d.objid = chosen.rule
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    ),
    described as materialized (
      select
        c.oid,
        concat_ws(
          ' ',
          c.oid,
          quote_ident(n.nspname),
          quote_ident(c.relname),
          string_agg(
            concat_ws(' ', a.attnum, quote_ident(a.attname), a.atttypid, a.atttypmod, a.attcollation),
            ',' order by a.attnum
          )
        ) as text
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.oid in (select relation from concerned)
      group by c.oid, n.nspname, c.relname
    )
    select
      chosen.nspname as schema,
      chosen.relname as identifier,
      md5(concat_ws(';', chosen.query, string_agg(described.text, ';' order by described.oid))) as state,
      chosen.version
    from chosen
    join concerned on concerned.view = chosen.oid
    join described on described.oid = concerned.relation
    group by chosen.oid, chosen.nspname, chosen.relname, chosen.query, chosen.version`)
  return new Map(rows.map((row) => [relationKey(row), { state: row.state, version: row.version }]))
}
