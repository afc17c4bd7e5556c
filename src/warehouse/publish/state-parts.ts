import { sql } from '../sql.ts'

/*
 * Parts of the question for the state of relations: what only few of them have. Each is a JSON value about the relation
 * `c`, a row of pg_class with the name of its schema. What is to be done again comes as statements.
 */

/** Triggers as they are made, how they are switched where that is not as usual, and what is said of them. */
export const triggers = sql`(
        select coalesce(json_agg(statement order by t.tgname, step), '[]')
        from pg_trigger t
        cross join lateral (
          select 1, pg_get_triggerdef(t.oid)
          union all
          select 2, format('alter table %I.%I %s trigger %I', c.nspname, c.relname, case t.tgenabled
            when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always'
          end, t.tgname)
          where t.tgenabled <> 'O'
          union all
          select 3, format('comment on trigger %I on %I.%I is %L', t.tgname, c.nspname, c.relname, said)
          from obj_description(t.oid, 'pg_trigger') as said
          where said is not null
        ) as made (step, statement)
        where t.tgrelid = c.oid and not t.tgisinternal
      )`

/** Rules but for the one that a view is, with what is said of them. */
export const rules = sql`(
        select coalesce(json_agg(statement order by r.rulename, step), '[]')
        from pg_rewrite r
        cross join lateral (
          select 1, pg_get_ruledef(r.oid)
          union all
          select 2, format('comment on rule %I on %I.%I is %L', r.rulename, c.nspname, c.relname, said)
          from obj_description(r.oid, 'pg_rewrite') as said
          where said is not null
        ) as made (step, statement)
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

/** Statistics of several columns, with all that is said of them; the columns are those that they need. */
export const statistics = sql`(
        select coalesce(json_agg(json_build_object(
          'statements', array(
            select pg_get_statisticsobjdef(e.oid)
            union all
            select format('alter statistics %I.%I set statistics %s', n.nspname, e.stxname, e.stxstattarget)
            where e.stxstattarget >= 0
            union all
            select format('comment on statistics %I.%I is %L', n.nspname, e.stxname, said)
            from obj_description(e.oid, 'pg_statistic_ext') as said
            where said is not null
            union all
            select format('alter statistics %I.%I owner to %I', n.nspname, e.stxname, pg_get_userbyid(e.stxowner))
            where pg_get_userbyid(e.stxowner) <> current_user
          ),
          'columns', array(
            select a.attname
            from pg_depend d
            join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.classid = 'pg_statistic_ext'::regclass and d.objid = e.oid and d.refobjid = c.oid
          )
        ) order by e.stxname), '[]')
        from pg_statistic_ext e
        join pg_namespace n on n.oid = e.stxnamespace
        where e.stxrelid = c.oid
      )`

/**
 * How columns are counted and stored, where that is not as usual, and what a view puts in where nothing is given. What
 * is about the type of a column names it. For all relations at once, a row for each that has any.
 */
export const columnSettings = sql`
      select
        c.oid,
        json_agg(json_build_object(
          'column', a.attname,
          'type', change.type::int8,
          'statement', format('alter %s %I.%I alter column %I set %s', case c.relkind
            when 'v' then 'view' when 'm' then 'materialized view' else 'table'
          end, c.nspname, c.relname, a.attname, change.what)
        ) order by a.attnum) as settings
      from chosen c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      cross join lateral (
        select null::oid as type, 'statistics ' || a.attstattarget as what
        where a.attstattarget >= 0
        union all
        select null, '(' || string_agg(format('%I = %L', option_name, option_value), ', ') || ')'
        from pg_options_to_table(a.attoptions)
        having count(*) > 0
        union all
        select t.oid, 'storage ' || case a.attstorage
          when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended'
        end
        where t.typstorage <> a.attstorage and c.relkind <> 'v'
        union all
        select t.oid, 'compression ' || case a.attcompression when 'l' then 'lz4' else 'pglz' end
        where a.attcompression in ('l', 'p')
        union all
        select t.oid, 'default ' || pg_get_expr(d.adbin, d.adrelid)
        from pg_attrdef d
        where c.relkind = 'v' and d.adrelid = c.oid and d.adnum = a.attnum
      ) as change
      where (c.relkind = 'v' and a.atthasdef) or (c.relkind <> 'v' and (
        a.attstattarget >= 0
        or a.attoptions is not null
        or a.attstorage <> t.typstorage
        or a.attcompression in ('l', 'p')
      ))
      group by c.oid`

/** What providers of security labels (masking, mandatory access) have been told of the relation and its columns. */
export const securityLabels = sql`(
        select coalesce(json_agg(json_build_object(
          'column', a.attname,
          'statement', format('security label for %I on %s is %L', l.provider, case
            when a.attname is not null then format('column %I.%I.%I', c.nspname, c.relname, a.attname)
            else format('%s %I.%I', case c.relkind
              when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table'
            end, c.nspname, c.relname)
          end, l.label)
        ) order by l.objsubid, l.provider), '[]')
        from pg_seclabel l
        left join pg_attribute a on a.attrelid = l.objoid and a.attnum = l.objsubid and l.objsubid > 0
        where l.classoid = 'pg_class'::regclass and l.objoid = c.oid
      )`

/** Storage parameters of where long values are. */
export const toastOptions = sql`(
        select coalesce(json_agg('toast.' || option), '[]')
        from pg_class t
        cross join lateral unnest(t.reloptions) as option
        where t.oid = c.reltoastrelid
      )`

/** What makes a policy again, of `p`, a row of pg_policy. */
const policyFields = sql`
          'name', p.polname,
          'permissive', p.polpermissive,
          'command', case p.polcmd
            when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all'
          end,
          'roles', (
            select json_agg(case when role <> 0 then pg_get_userbyid(role) end)
            from unnest(p.polroles) as role
          ),
          'using', pg_get_expr(p.polqual, p.polrelid),
          'check', pg_get_expr(p.polwithcheck, p.polrelid),
          'comment', obj_description(p.oid, 'pg_policy')`

export const policies = sql`(
        select coalesce(json_agg(json_build_object(${policyFields}) order by p.polname), '[]')
        from pg_policy p
        where p.polrelid = c.oid
      )`

/** Policies of other tables that look into one of the chosen ones; a row for each of these. */
export const lookingPolicies = sql`
      select
        looked.oid,
        json_agg(json_build_object(
          'schema', tn.nspname,
          'identifier', t.relname,
          'tableOid', t.oid::int8,
          ${policyFields}
        ) order by tn.nspname, t.relname, p.polname) as policies
      from (
        select distinct d.refobjid as oid, d.objid as policy
        from pg_depend d
        where d.classid = 'pg_policy'::regclass
          and d.refclassid = 'pg_class'::regclass
          and d.refobjid in (select oid from chosen)
      ) as looked
      join pg_policy p on p.oid = looked.policy and p.polrelid <> looked.oid
      join pg_class t on t.oid = p.polrelid
      join pg_namespace tn on tn.oid = t.relnamespace
      group by looked.oid`

/** Of materialized views: indexes as they are made, with what is said of them and how they are used. */
export const indexes = sql`(
        select coalesce(json_agg(statement order by x.relname, step), '[]')
        from pg_index i
        join pg_class x on x.oid = i.indexrelid
        cross join lateral (
          select 1, pg_get_indexdef(x.oid)
          union all
          select 2, format('comment on index %I.%I is %L', c.nspname, x.relname, said)
          from obj_description(x.oid, 'pg_class') as said
          where said is not null
          union all
          select 3, format('alter materialized view %I.%I cluster on %I', c.nspname, c.relname, x.relname)
          where i.indisclustered
        ) as made (step, statement)
        where i.indrelid = c.oid
      )`

/** Whether it is a partition or a child of another table. */
export const isInherited = sql`exists (select from pg_inherits where inhrelid = c.oid)`
