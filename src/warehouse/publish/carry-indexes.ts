import { type Relation, relationKey } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { indexName, relationIdent } from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { sqlLiteral, unsafeSql } from '../sql-text.ts'
import type { PublishAction } from './publish-action.ts'
import { indexProblem } from './publish-problem.ts'
import { named } from './relation-state.ts'

/*
 * Where the files of a published table or materialized view lie and which indexes somebody else made on it goes over to
 * what takes its place before anything is locked, since that may take a while. Indexes that the project's config once
 * asked for have names that tell, and go when it does not ask for them any more. Indexes of constraints belong to the
 * constraints of the project, but for keys at which others point.
 */

interface FoundIndex {
  readonly schema: string
  readonly identifier: string
  readonly name: string
  readonly isUnique: boolean
  /** From USING on. */
  readonly definition: string
  readonly method: string
  /** The columns that it needs. */
  readonly columns: readonly string[]
  /** Its columns in order, where it is made of nothing else. */
  readonly keyColumns: readonly string[] | null
  /** What it is the index of. */
  readonly constraint: 'primary key' | 'unique' | 'exclude' | null
  readonly constraintComment: string | null
  /** Whether a foreign key of another table needs it. */
  readonly isPointedAt: boolean
  readonly comment: string | null
  /** Where its file lies, if not where those of the database do. */
  readonly tablespace: string | null
  /** Whether rows are sorted by it now and then. */
  readonly isClustered: boolean
  /** Whether rows are known by it to whoever gets their changes. */
  readonly isIdentity: boolean
  /** How closely the planner counts what it is made of, by the number of the column. */
  readonly statistics: readonly { readonly column: number; readonly target: number }[]
}

interface Successor {
  readonly published: Relation
  readonly build: Relation
}

/** Makes the indexes that the builds lack, and puts the builds where what they replace is. */
export async function carryIndexes(session: Session, actions: readonly PublishAction[]): Promise<void> {
  const successors = actions.flatMap((action): Successor[] =>
    (action.kind === 'swap-table' || (action.kind === 'view' && action.materialized)) && action.build
      ? [{ published: action.published, build: action.build }]
      : [],
  )
  if (successors.length === 0) return
  const relations = successors.flatMap(({ published, build }) => [published, build])
  await moveToTablespaces(session, successors)
  const byRelation = new Map<string, FoundIndex[]>()
  for (const index of await readIndexes(session, relations)) {
    const key = relationKey(index)
    byRelation.set(key, [...(byRelation.get(key) ?? []), index])
  }
  const indexesOf = (relation: Relation) => byRelation.get(relationKey(relation)) ?? []
  for (const { published, build } of successors) {
    const present = indexesOf(build)
    const missing = indexesOf(published).filter(
      (index) => isOfOthers(index) && !isOfConfig(index) && !isAmong(index, present),
    )
    if (missing.length > 0) await makeIndexes(session, missing, build)
    await describeIndexes(session, indexesOf(published), build)
  }
}

/** Puts builds into the tablespaces that somebody has chosen for what they replace. */
async function moveToTablespaces(session: Session, successors: readonly Successor[]): Promise<void> {
  const keys = successors.map(({ published }) => relationKey(published))
  const { rows } = await session.query<{ key: string; tablespace: string }>(sql`
    select format('%s.%s', n.nspname, c.relname) as key, t.spcname as tablespace
    from pg_catalog.pg_tablespace t
    join pg_catalog.pg_class c on c.reltablespace = t.oid and c.relkind in ('r', 'm')
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where format('%s.%s', n.nspname, c.relname) = any(${keys}::text[])`)
  const builds = new Map(successors.map(({ published, build }) => [relationKey(published), build]))
  for (const { key, tablespace } of rows) {
    const build = relationIdent(builds.get(key)!)
    await session.query(sql`alter table ${build} set tablespace ${sql.ident(tablespace)}`)
  }
}

/** Makes all indexes of a table on a copy of it, but those of constraints. */
export async function copyIndexes(session: Session, from: Relation, to: Relation): Promise<void> {
  const indexes = (await readIndexes(session, [from])).filter(({ constraint }) => constraint === null)
  await makeIndexes(session, indexes, to)
  await describeIndexes(session, indexes, to)
}

function isOfOthers({ constraint, isPointedAt }: FoundIndex): boolean {
  return constraint === null || isPointedAt
}

function isAmong(index: FoundIndex, present: readonly FoundIndex[]): boolean {
  return present.some(
    (other) =>
      other.name === index.name ||
      (other.definition === index.definition && other.isUnique === index.isUnique),
  )
}

/** Whether the name is the one that the project's config gives to an index of these columns. */
function isOfConfig({ name, isUnique, method, keyColumns, ...relation }: FoundIndex): boolean {
  if (keyColumns === null) return false
  return indexName(relation, { columns: keyColumns, unique: isUnique, type: method }) === name
}

async function makeIndexes(session: Session, indexes: readonly FoundIndex[], build: Relation): Promise<void> {
  const { rows } = await session.query<{ name: string }>(sql`
    select attname as name
    from pg_catalog.pg_attribute
    where attrelid = ${`${quoted(build.schema)}.${quoted(build.identifier)}`}::regclass
      and attnum > 0
      and not attisdropped`)
  const columns = new Set(rows.map(({ name }) => name))
  for (const index of indexes) {
    // As where a column is dropped, its indexes are gone with it.
    if (!index.columns.every((column) => columns.has(column))) continue
    try {
      await session.runAll(createAgain(index, build))
    } catch (error) {
      if (!(error instanceof ServerError) || error.failure.kind !== 'sql') throw error
      throw new ProblemError(indexProblem(index.name, relationKey(index), error), { cause: error })
    }
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function createAgain(index: FoundIndex, build: Relation): SQLQuery[] {
  const { isUnique, definition, constraint } = index
  const table = relationIdent(build)
  const name = sql.ident(index.name)
  const unique = isUnique ? sql`unique ` : sql``
  return [
    sql`create ${unique}index ${name} on ${table} using ${unsafeSql(definition)}`,
    ...(constraint === null
      ? []
      : [sql`alter table ${table} add constraint ${name} ${unsafeSql(constraint)} using index ${name}`]),
  ]
}

/** What is said of indexes and how they are used, where the build has them by the same names. */
async function describeIndexes(
  session: Session,
  indexes: readonly FoundIndex[],
  build: Relation,
): Promise<void> {
  const described = indexes.filter(isDescribed)
  if (described.length === 0) return
  const present = new Map((await readIndexes(session, [build])).map((index) => [index.name, index]))
  for (const index of described) {
    const successor = present.get(index.name)
    if (!successor) continue
    try {
      await session.runAll(descriptions(index, successor.constraint !== null, build))
    } catch (error) {
      if (!(error instanceof ServerError) || error.failure.kind !== 'sql') throw error
      throw new ProblemError(indexProblem(index.name, relationKey(index), error), { cause: error })
    }
  }
}

function isDescribed(index: FoundIndex): boolean {
  const { comment, constraintComment, tablespace, isClustered, isIdentity, statistics } = index
  const said = comment !== null || constraintComment !== null
  return said || tablespace !== null || isClustered || isIdentity || statistics.length > 0
}

function descriptions(index: FoundIndex, isConstraint: boolean, build: Relation): SQLQuery[] {
  const { name, constraintComment, comment, tablespace, isClustered, isIdentity, statistics, keyColumns } =
    index
  const table = relationIdent(build)
  const ident = sql.ident(build.schema, name)
  return [
    ...(tablespace === null ? [] : [sql`alter index ${ident} set tablespace ${sql.ident(tablespace)}`]),
    ...statistics.map(
      ({ column, target }) =>
        sql`alter index ${ident} alter column ${unsafeSql(String(column))} set statistics ${unsafeSql(String(target))}`,
    ),
    ...(isClustered ? [sql`alter table ${table} cluster on ${sql.ident(name)}`] : []),
    // Nothing can be known by columns that may be null, and whoever made it one has said that they are not.
    ...(isIdentity
      ? (keyColumns ?? []).map(
          (column) => sql`alter table ${table} alter column ${sql.ident(column)} set not null`,
        )
      : []),
    ...(comment === null ? [] : [sql`comment on index ${ident} is ${sqlLiteral(comment)}`]),
    ...(constraintComment === null || !isConstraint
      ? []
      : [sql`comment on constraint ${sql.ident(name)} on ${table} is ${sqlLiteral(constraintComment)}`]),
  ]
}

async function readIndexes(session: Session, relations: readonly Relation[]): Promise<FoundIndex[]> {
  const which = named(relations)
  if (!('schemas' in which)) return []
  const { rows } = await session.query<FoundIndex>(sql`
    select
      n.nspname as schema,
      c.relname as identifier,
      x.relname as name,
      i.indisunique as "isUnique",
      m.amname as method,
      substr(
        pg_get_indexdef(x.oid),
        length(format(
          'CREATE %sINDEX %I ON %I.%I USING ',
          case when i.indisunique then 'UNIQUE ' end, x.relname, n.nspname, c.relname
        )) + 1
      ) as definition,
      array(
        select a.attname::text
        from pg_catalog.pg_depend d
        join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass
          and d.objid = x.oid
          and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjid = c.oid
          and d.refobjsubid > 0
      ) as columns,
      case when i.indexprs is null and i.indpred is null then array(
        select a.attname::text
        from unnest(i.indkey) with ordinality as key (number, position)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = key.number
        order by key.position
      ) end as "keyColumns",
      case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'x' then 'exclude' end as constraint,
      obj_description(k.oid, 'pg_constraint') as "constraintComment",
      k.oid is not null and exists (
        select from pg_catalog.pg_constraint f
        where f.contype = 'f' and f.confrelid = c.oid and f.conrelid <> c.oid and f.conindid = x.oid
      ) as "isPointedAt",
      obj_description(x.oid, 'pg_class') as comment,
      (select spcname from pg_catalog.pg_tablespace where oid = x.reltablespace) as tablespace,
      i.indisclustered as "isClustered",
      i.indisreplident as "isIdentity",
      coalesce((
        select json_agg(json_build_object('column', a.attnum, 'target', a.attstattarget) order by a.attnum)
        from pg_catalog.pg_attribute a
        where a.attrelid = x.oid and a.attstattarget >= 0
      ), '[]') as statistics
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_index i on i.indrelid = c.oid
    join pg_catalog.pg_class x on x.oid = i.indexrelid
    join pg_catalog.pg_am m on m.oid = x.relam
    left join pg_catalog.pg_constraint k
      on k.conrelid = c.oid and k.conindid = x.oid and k.contype in ('p', 'u', 'x')
    where c.relkind in ('r', 'm')
      and (n.nspname, c.relname) in (
        select * from unnest(${which.schemas}::text[], ${which.identifiers}::text[])
      )
      and i.indisvalid`)
  return rows
}
