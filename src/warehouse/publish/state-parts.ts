import { sql } from '../sql.ts'

/*
 * Parts of the question for the state of relations: what only few of them have. Each is a JSON value about the relation
 * `c`, a row of pg_class with the name of its schema. What is to be done again comes as statements.
 */

/** Triggers as they are made, and how they are switched where that is not as usual. */
export const triggers = sql`(
        select coalesce(json_agg(statement order by t.tgname, step), '[]')
        from pg_trigger t
        cross join lateral (values
          (1, pg_get_triggerdef(t.oid)),
          (2, case t.tgenabled
            when 'D' then format('alter table %I.%I disable trigger %I', c.nspname, c.relname, t.tgname)
            when 'R' then format('alter table %I.%I enable replica trigger %I', c.nspname, c.relname, t.tgname)
            when 'A' then format('alter table %I.%I enable always trigger %I', c.nspname, c.relname, t.tgname)
          end)
        ) as switched (step, statement)
        where t.tgrelid = c.oid and not t.tgisinternal and statement is not null
      )`

/** Rules but for the one that a view is. */
export const rules = sql`(
        select coalesce(json_agg(pg_get_ruledef(r.oid) order by r.rulename), '[]')
        from pg_rewrite r
        where r.ev_class = c.oid and r.rulename <> '_RETURN'
      )`

/**
 * Publications that name the table, with the columns and rows that they send, and how its rows are known to whoever
 * gets their changes. PostgreSQL 14 knows no columns and rows; asking by way of JSON asks each for what it has.
 */
export const replication = sql`(
        select coalesce(json_agg(statement order by statement), '[]')
        from (
          select format(
            'alter publication %I add table %I.%I%s%s',
            p.pubname, c.nspname, c.relname,
            case when member.row ->> 'prattrs' is not null then ' (' || (
              select string_agg(quote_ident(name), ', ')
              from jsonb_array_elements_text(sent.row -> 'attnames') as name
            ) || ')' end,
            ' where (' || (sent.row ->> 'rowfilter') || ')'
          ) as statement
          from pg_publication_rel pr
          join pg_publication p on p.oid = pr.prpubid
          join pg_publication_tables pt
            on pt.pubname = p.pubname and pt.schemaname = c.nspname and pt.tablename = c.relname
          cross join lateral (select to_jsonb(pr) as row) as member
          cross join lateral (select to_jsonb(pt) as row) as sent
          where pr.prrelid = c.oid
          union all
          select format('alter table %I.%I replica identity %s', c.nspname, c.relname, case c.relreplident
            when 'f' then 'full'
            when 'n' then 'nothing'
            else (
              select 'using index ' || quote_ident(x.relname)
              from pg_index i
              join pg_class x on x.oid = i.indexrelid
              where i.indrelid = c.oid and i.indisreplident
            )
          end)
          where c.relreplident <> 'd'
        ) as statements
      )`

/** Statistics of several columns; the columns are those that they need. */
export const statistics = sql`(
        select coalesce(json_agg(json_build_object(
          'statement', pg_get_statisticsobjdef(e.oid),
          'columns', array(
            select a.attname
            from pg_depend d
            join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.classid = 'pg_statistic_ext'::regclass and d.objid = e.oid and d.refobjid = c.oid
          )
        ) order by e.stxname), '[]')
        from pg_statistic_ext e
        where e.stxrelid = c.oid
      )`

/** Whether it is a partition or a child of another table. */
export const isInherited = sql`exists (select from pg_inherits where inhrelid = c.oid)`
