import type { Relation } from '../../core/node.ts'
import { type Queryable, type SQLQuery, sql, unsafeSql } from '../../warehouse/index.ts'
import type { ColumnKind } from './relation-profile.ts'

/** A column with what decides how it can be asked. */
export interface ProfiledColumn {
  readonly name: string
  /** As in DDL. */
  readonly type: string
  /** The name of the type that it is in the end: that behind a domain; `enum` for every enum. */
  readonly base: string
}

/** A relation as it stands in the warehouse. */
export interface ProfiledRelation {
  /** Of pg_class: `r`, `p`, `v`, `m`, `f`. */
  readonly kind: string
  readonly columns: readonly ProfiledColumn[]
  /** The columns of its primary key, or else of another unique index; empty without one. */
  readonly key: readonly string[]
}

/** By name of a type, which may be any: one that somebody made may be called `constructor`. */
const kinds: ReadonlyMap<string, ColumnKind> = new Map([
  ...['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'].map((name) => [name, 'number'] as const),
  ...['date', 'timestamp', 'timestamptz'].map((name) => [name, 'time'] as const),
  ...['text', 'varchar', 'bpchar', 'citext', 'name'].map((name) => [name, 'text'] as const),
  ['bool', 'boolean'] as const,
])
const wholeNumbers: readonly string[] = ['int2', 'int4', 'int8']
const ordered: readonly string[] = ['time', 'timetz', 'interval', 'inet', 'money', 'oid']

/** What a column can be asked. */
export function columnKind({ base }: Pick<ProfiledColumn, 'base'>): ColumnKind {
  return kinds.get(base) ?? 'other'
}

/** Whether nothing lies between one value and the next: bars begin and end between two of them. */
export function isWhole({ base }: Pick<ProfiledColumn, 'base'>): boolean {
  return wholeNumbers.includes(base)
}

/** Whether the server knows a least and a greatest value. */
export function hasRange(column: Pick<ProfiledColumn, 'base'>): boolean {
  const kind = columnKind(column)
  return kind === 'number' || kind === 'time' || kind === 'text' || ordered.includes(column.base)
}

/** The column of the row `r`. */
export function columnSql({ name }: Pick<ProfiledColumn, 'name'>): SQLQuery {
  return sql.ident('r', name)
}

/**
 * The value as a double, and when it is one. Squares must fit into a double, too, or the server refuses to add
 * them up; NaN is greater than everything and so is left out by the same comparison.
 */
export function numberSql(column: ProfiledColumn): { readonly value: SQLQuery; readonly finite: SQLQuery } {
  const name = columnSql(column)
  if (columnKind(column) === 'time')
    return { value: sql`extract(epoch from ${name})::float8`, finite: sql`isfinite(${name})` }
  if (isWhole(column)) return { value: sql`${name}::float8`, finite: sql`${name} is not null` }
  const finite = sql`${name} between -1e150 and 1e150`
  // A numeric next to nothing does not become zero by a cast: the server refuses it.
  const value =
    column.base === 'numeric'
      ? sql`case when ${name} between -1e-300 and 1e-300 then 0 else ${name}::float8 end`
      : sql`${name}::float8`
  return { value, finite }
}

/** The value in writing, the same for equal numbers. */
export function textSql(column: ProfiledColumn): SQLQuery {
  const name = columnSql(column)
  if (column.base === 'numeric') return sql`pg_catalog.trim_scale(${name})::text`
  // Zero has a sign that comparing does not see.
  if (column.base === 'float4' || column.base === 'float8') return sql`(${name} + 0)::text`
  return sql`${name}::text`
}

/** The rows that are looked at, as `r`. A table is sampled by the server, anything else by what its rows say. */
export function rowsSql(relation: Relation, kind: string, samplePercent: number | null): SQLQuery {
  const name = sql.ident(relation.schema, relation.identifier)
  if (samplePercent === null) return sql`${name} as r`
  const percent = unsafeSql(String(samplePercent))
  if (kind === 'r' || kind === 'p' || kind === 'm')
    return sql`${name} as r tablesample bernoulli (${percent}) repeatable (1)`
  const share = sql`(pg_catalog.hashtext((s.*)::text)::float8 + 2147483648) / 4294967296 * 100`
  return sql`(select * from ${name} as s where ${share} < ${percent}) as r`
}

/** Looks up a relation; undefined when there is none. */
export async function profiledRelation(
  on: Queryable,
  relation: Relation,
): Promise<ProfiledRelation | undefined> {
  const { rows } = await on.query<ProfiledRelation>(sql`
    select
      c.relkind::text as kind,
      coalesce(
        (
          select json_agg(
            json_build_object(
              'name', a.attname,
              'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
              'base', (
                with recursive behind as (
                  select t.typbasetype, t.typtype, t.typname
                  from pg_catalog.pg_type t
                  where t.oid = a.atttypid
                  union all
                  select t.typbasetype, t.typtype, t.typname
                  from behind
                  join pg_catalog.pg_type t on t.oid = behind.typbasetype
                )
                select case when typtype = 'e' then 'enum' else typname::text end
                from behind
                where typtype <> 'd'
              )
            )
            order by a.attnum
          )
          from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ),
        '[]'
      ) as columns,
      coalesce(
        (
          select (
            select json_agg(a.attname order by a.attnum)
            from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attnum = any(i.indkey)
          )
          from pg_catalog.pg_index i
          where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indexprs is null
          order by i.indisprimary desc, i.indnatts, i.indexrelid
          limit 1
        ),
        '[]'
      ) as key
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where
      c.relkind in ('r', 'p', 'v', 'm', 'f')
      and n.nspname = ${relation.schema}
      and c.relname = ${relation.identifier}
  `)
  return rows[0]
}
