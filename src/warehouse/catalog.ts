import type { Relation } from '../core/node.ts'
import type { RelationKind } from './relation-sql.ts'
import type { QueryResult } from './session.ts'
import { type SQLQuery, sql } from './sql.ts'

/** Anything that runs statements: a session or a whole warehouse. */
export interface Queryable {
  query<Row = Record<string, unknown>>(query: SQLQuery): Promise<QueryResult<Row>>
}

export interface CatalogColumn {
  readonly name: string
  /** As in DDL: `numeric(12,2)`, `timestamp with time zone`. */
  readonly type: string
  readonly notNull: boolean
}

/** A relation that exists. */
export interface CatalogRelation extends Relation {
  readonly kind: RelationKind
  readonly columns: readonly CatalogColumn[]
  /** The planner's estimate; -1 before the first ANALYZE. */
  readonly estimatedRows: number
}

/** The relations of some schemas, ordered by name. */
export async function relationsInSchemas(
  on: Queryable,
  schemas: readonly string[],
): Promise<CatalogRelation[]> {
  return read(on, sql`n.nspname = any(${schemas}::text[])`)
}

/** Those of the given relations that exist. */
export async function existingRelations(
  on: Queryable,
  relations: readonly Relation[],
): Promise<CatalogRelation[]> {
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  return read(on, sql`(n.nspname, c.relname) in (select * from unnest(${schemas}::text[], ${names}::text[]))`)
}

/** Which functions are there, whatever their arguments. */
export async function existingFunctions(
  on: Queryable,
  functions: readonly Relation[],
): Promise<readonly Relation[]> {
  const schemas = functions.map(({ schema }) => schema)
  const names = functions.map(({ identifier }) => identifier)
  const { rows } = await on.query<Relation>(sql`
    select distinct n.nspname as schema, p.proname as identifier
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where (n.nspname, p.proname) in (select * from unnest(${schemas}::text[], ${names}::text[]))`)
  return rows
}

/** The columns of a relation in order; undefined when there is no such relation. */
export async function columnsOf(
  on: Queryable,
  relation: Relation,
): Promise<readonly CatalogColumn[] | undefined> {
  return (await existingRelations(on, [relation]))[0]?.columns
}

/** What a row `c` of pg_class is, in the words of `RelationKind`. */
export const relationKind: SQLQuery = sql`case c.relkind
  when 'v' then 'view'
  when 'm' then 'materialized_view'
  when 'f' then 'foreign_table'
  else 'table'
end`

async function read(on: Queryable, where: SQLQuery): Promise<CatalogRelation[]> {
  const { rows } = await on.query<CatalogRelation>(sql`
    select
      n.nspname as schema,
      c.relname as identifier,
      ${relationKind} as kind,
      c.reltuples::float8 as "estimatedRows",
      coalesce(
        (
          select json_agg(
            json_build_object(
              'name', a.attname,
              'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
              'notNull', a.attnotnull
            )
            order by a.attnum
          )
          from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ),
        '[]'
      ) as columns
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${where}
    order by 1, 2
  `)
  return rows
}
