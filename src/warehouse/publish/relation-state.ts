import type { Relation } from '../../core/node.ts'
import { type Queryable, relationKind } from '../catalog.ts'
import type { RelationKind } from '../relation-sql.ts'
import { type SQLQuery, sql } from '../sql.ts'
import {
  columnSettings,
  indexes,
  isInherited,
  lookingPolicies,
  policies,
  replication,
  rules,
  securityLabels,
  statistics,
  toastOptions,
  triggers,
} from './state-parts.ts'

/*
 * What hangs on a relation besides its rows: who owns it, who may read it, comments, row security, triggers, rules,
 * foreign keys that point at it, to whom its changes are sent. A relation that takes its place gets all of it.
 */

export interface Grant {
  /** Null stands for PUBLIC. */
  readonly grantee: string | null
  readonly privilege: string
  readonly grantable: boolean
  /** For a privilege on one column. */
  readonly column: string | null
}

export interface Policy {
  readonly name: string
  readonly permissive: boolean
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete'
  /** Null stands for PUBLIC. */
  readonly roles: readonly (string | null)[]
  readonly using: string | null
  readonly check: string | null
  readonly comment: string | null
}

/** A policy of another table. */
export interface LookingPolicy extends Policy, Relation {
  readonly tableOid: number
}

/** How a column is counted or stored. */
export interface ColumnSetting {
  readonly column: string
  /** The type that the column has to have, where it is about that. */
  readonly type: number | null
  readonly statement: string
}

/** What a provider has been told, of one column or of the whole. */
export interface SecurityLabel {
  readonly column: string | null
  readonly statement: string
}

export interface ExtendedStatistics {
  readonly columns: readonly string[]
  readonly statements: readonly string[]
}

export interface ForeignKey {
  readonly name: string
  /** The table that has it. */
  readonly tableOid: number
  readonly schema: string
  readonly identifier: string
  readonly definition: string
  readonly comment: string | null
}

export interface RelationState {
  readonly oid: number
  readonly schema: string
  readonly identifier: string
  readonly kind: RelationKind
  readonly owner: string
  /** Of everybody but the owner. */
  readonly grants: readonly Grant[]
  readonly comment: string | null
  readonly columnComments: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  /** The types of the columns, as the catalogue numbers them. */
  readonly columnTypes: readonly number[]
  /** Storage parameters as `name=value`. */
  readonly options: readonly string[]
  /** Those of where long values are, `toast.name=value`. */
  readonly toastOptions: readonly string[]
  readonly columnSettings: readonly ColumnSetting[]
  readonly securityLabels: readonly SecurityLabel[]
  /** Where its file lies, if not where those of the database do. */
  readonly tablespace: string | null
  readonly rowSecurity: 'off' | 'on' | 'forced'
  readonly policies: readonly Policy[]
  /** Statements that make the triggers, and switch off those that are. */
  readonly triggers: readonly string[]
  /** CREATE RULE statements. */
  readonly rules: readonly string[]
  /** Statements that send changes to where they were sent: publications for logical replication, replica identity. */
  readonly replication: readonly string[]
  /** Statistics objects, where the planner is told of columns together. */
  readonly statistics: readonly ExtendedStatistics[]
  /** Whether it is a part of another table. */
  readonly isInherited: boolean
  /** Of other tables, pointing at this one. */
  readonly foreignKeys: readonly ForeignKey[]
  /** Of other tables, whose rows depend on what is in this one. */
  readonly lookingPolicies: readonly LookingPolicy[]
  /** The SELECT of a view, if it was asked for; names in it are qualified. */
  readonly definition: string | null
  /** Statements that make the indexes of a materialized view. */
  readonly indexes: readonly string[]
  readonly populated: boolean
}

/** Which relations to look at. */
export type Which =
  | { readonly oids: readonly number[] }
  | { readonly schemas: readonly string[]; readonly identifiers: readonly string[] }

/**
 * Reads the states; the search path must be empty, so that definitions come with qualified names. Those of views are
 * work for the server, and only what is to be made again needs them.
 */
export async function readStates(
  on: Queryable,
  which: Which,
  { withDefinitions = false } = {},
): Promise<RelationState[]> {
  const { rows } = await on.query<{ states: RelationState[] }>(stateQuery(which, withDefinitions))
  return rows[0]!.states
}

/** What is told of a relation that is to take a place. */
export type BuildState = Pick<
  RelationState,
  | 'oid'
  | 'schema'
  | 'identifier'
  | 'kind'
  | 'owner'
  | 'grants'
  | 'comment'
  | 'columnComments'
  | 'columns'
  | 'columnTypes'
  | 'options'
>

/** As `readStates`, but only what every relation has: a question that takes the server a third of the time. */
export async function readBuildStates(on: Queryable, which: Which): Promise<BuildState[]> {
  const { rows } = await on.query<{ states: BuildState[] }>(sql`
    with chosen as materialized (${chosen(which)}),
    states as (select ${buildColumns} from chosen c ${attributes})
    select coalesce(json_agg(states order by schema, identifier), '[]') as states from states
  `)
  return rows[0]!.states
}

/** The relations of these names. */
export function named(relations: readonly Relation[]): Which {
  return {
    schemas: relations.map(({ schema }) => schema),
    identifiers: relations.map(({ identifier }) => identifier),
  }
}

/**
 * What only some relations have is looked for only in those; there are hundreds of the others. All of it comes as one
 * value, which is read in one go.
 */
function stateQuery(which: Which, withDefinitions: boolean): SQLQuery {
  return sql`
    with chosen as materialized (${chosen(which)}),
    pointing as (${foreignKeys}),
    looking as (${lookingPolicies}),
    set_columns as (${columnSettings}),
    states as (
      select
        ${buildColumns},
        case
          when c.relrowsecurity and c.relforcerowsecurity then 'forced'
          when c.relrowsecurity then 'on'
          else 'off'
        end as "rowSecurity",
        case when c.relkind in ('r', 'p') then ${policies} else '[]' end as policies,
        case when c.relhastriggers then ${triggers} else '[]' end as triggers,
        case when c.relhasrules then ${rules} else '[]' end as rules,
        case when c.relkind in ('r', 'p') then ${replication} else '[]' end as replication,
        case when c.relkind in ('r', 'p', 'm') then ${statistics} else '[]' end as statistics,
        ${isInherited} as "isInherited",
        case when c.reltoastrelid <> 0 then ${toastOptions} else '[]' end as "toastOptions",
        coalesce(set_columns.settings, '[]') as "columnSettings",
        ${securityLabels} as "securityLabels",
        (select spcname from pg_tablespace where oid = c.reltablespace) as tablespace,
        coalesce(pointing.keys, '[]') as "foreignKeys",
        coalesce(looking.policies, '[]') as "lookingPolicies",
        case when ${withDefinitions} and c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as definition,
        case when c.relkind = 'm' then ${indexes} else '[]' end as indexes,
        c.relispopulated as populated
      from chosen c
      left join pointing on pointing.oid = c.oid
      left join looking on looking.oid = c.oid
      left join set_columns on set_columns.oid = c.oid
      ${attributes}
    )
    select coalesce(json_agg(states order by schema, identifier), '[]') as states from states
  `
}

const grants = sql`(
        select coalesce(json_agg(json_build_object(
          'grantee', case when acl.grantee <> 0 then pg_get_userbyid(acl.grantee) end,
          'privilege', acl.privilege_type,
          'grantable', acl.is_grantable,
          'column', acl.attname
        )), '[]')
        from (
          select null::name as attname, entry.* from aclexplode(c.relacl) as entry
          union all
          select a.attname, entry.*
          from pg_attribute a, aclexplode(a.attacl) as entry
          where a.attrelid = c.oid and not a.attisdropped
        ) as acl
        where acl.grantee <> c.relowner
      )`

const columnComments = sql`(
        select coalesce(json_object_agg(a.attname, d.description), '{}')
        from pg_description d
        join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid
        where d.classoid = 'pg_class'::regclass and d.objoid = c.oid and not a.attisdropped
      )`

/** What every relation has. */
const buildColumns = sql`c.oid::int8 as oid,
        c.nspname as schema,
        c.relname as identifier,
        ${relationKind} as kind,
        pg_get_userbyid(c.relowner) as owner,
        case when c.relacl is null and not attributes."hasGrants" then '[]' else ${grants} end as grants,
        obj_description(c.oid, 'pg_class') as comment,
        ${columnComments} as "columnComments",
        attributes.names as columns,
        attributes.types as "columnTypes",
        coalesce(to_json(c.reloptions), '[]') as options`

const attributes = sql`cross join lateral (
        select
          coalesce(json_agg(a.attname order by a.attnum) filter (where a.attnum > 0), '[]') as names,
          coalesce(json_agg(a.atttypid::int8 order by a.attnum) filter (where a.attnum > 0), '[]') as types,
          coalesce(bool_or(a.attacl is not null), false) as "hasGrants"
        from pg_attribute a
        where a.attrelid = c.oid and not a.attisdropped
      ) as attributes`

function chosen(which: Which): SQLQuery {
  const where =
    'oids' in which
      ? sql`c.oid = any(${which.oids}::oid[])`
      : sql`(n.nspname, c.relname) in (select * from unnest(${which.schemas}::text[], ${which.identifiers}::text[]))`
  return sql`
      select c.*, n.nspname
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${where}
    `
}

/** For all at once: there is no index that would find those of one table. */
const foreignKeys = sql`
      select
        k.confrelid as oid,
        json_agg(json_build_object(
          'name', k.conname,
          'tableOid', k.conrelid::int8,
          'schema', kn.nspname,
          'identifier', kc.relname,
          'definition', pg_get_constraintdef(k.oid),
          'comment', obj_description(k.oid, 'pg_constraint')
        )) as keys
      from pg_constraint k
      join pg_class kc on kc.oid = k.conrelid
      join pg_namespace kn on kn.oid = kc.relnamespace
      where k.contype = 'f'
        and k.conrelid <> k.confrelid
        and k.conparentid = 0
        and k.confrelid in (select oid from chosen)
      group by k.confrelid
    `

/** An edge: the view reads the relation. */
export interface Reads {
  readonly view: number
  readonly relation: number
}

/** Every view that reads one of the relations, directly or through other views. */
export async function readDependents(on: Queryable, oids: readonly number[]): Promise<Reads[]> {
  if (oids.length === 0) return []
  const { rows } = await on.query<Reads>(sql`
    with recursive reads as (
      select distinct r.ev_class as view, d.refobjid as relation
      from pg_depend d
      join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass
        and d.refclassid = 'pg_class'::regclass
        and d.refobjid = any(${oids}::oid[])
        and r.ev_class <> d.refobjid
      union
      select r.ev_class, d.refobjid
      from reads
      join pg_depend d on d.refobjid = reads.view
      join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass
        and d.refclassid = 'pg_class'::regclass
        and r.ev_class <> d.refobjid
    )
    select view, relation from reads
  `)
  return rows
}

/** The relations that the given views read themselves, each with its schema. */
export async function readInputs(
  on: Queryable,
  views: readonly number[],
): Promise<(Reads & { readonly schema: string })[]> {
  const { rows } = await on.query<Reads & { readonly schema: string }>(sql`
    select distinct r.ev_class as view, c.oid as relation, n.nspname as schema
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
    join pg_namespace n on n.oid = c.relnamespace
    where r.ev_class = any(${views}::oid[]) and c.oid <> r.ev_class
  `)
  return rows
}

/** Orders relations so that whoever reads comes before what it reads: the order in which to drop. */
export function readersFirst(oids: readonly number[], reads: readonly Reads[]): number[] {
  const ordered: number[] = []
  const seen = new Set<number>()
  const readersOf = new Map<number, number[]>()
  for (const { view, relation } of reads) {
    readersOf.set(relation, [...(readersOf.get(relation) ?? []), view])
  }
  const visit = (oid: number) => {
    if (seen.has(oid)) return
    seen.add(oid)
    for (const reader of readersOf.get(oid) ?? []) visit(reader)
    ordered.push(oid)
  }
  for (const oid of oids) visit(oid)
  return ordered
}
