import { type Relation, relationKey } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import { indexName, relationIdent } from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { type SQLQuery, sql } from '../sql.ts'
import { unsafeSql } from '../sql-text.ts'
import type { PublishAction } from './publish-action.ts'
import { indexProblem } from './publish-problem.ts'
import { named } from './relation-state.ts'

/*
 * Indexes that somebody else made on a published table or materialized view are made on what takes its place, before
 * anything is locked, since that may take a while. Those that the project's config once asked for have names that tell,
 * and go when it does not ask for them any more. Indexes of constraints belong to the constraints of the project.
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
}

interface Successor {
  readonly published: Relation
  readonly build: Relation
}

/** Makes the indexes that the builds lack. */
export async function carryIndexes(session: Session, actions: readonly PublishAction[]): Promise<void> {
  const successors = actions.flatMap((action): Successor[] =>
    (action.kind === 'swap-table' || (action.kind === 'view' && action.materialized)) && action.build
      ? [{ published: action.published, build: action.build }]
      : [],
  )
  if (successors.length === 0) return
  const relations = successors.flatMap(({ published, build }) => [published, build])
  const byRelation = new Map<string, FoundIndex[]>()
  for (const index of await readIndexes(session, relations)) {
    const key = relationKey(index)
    byRelation.set(key, [...(byRelation.get(key) ?? []), index])
  }
  const indexesOf = (relation: Relation) => byRelation.get(relationKey(relation)) ?? []
  for (const { published, build } of successors) {
    const present = indexesOf(build)
    const missing = indexesOf(published).filter((index) => !isOfConfig(index) && !isAmong(index, present))
    if (missing.length > 0) await makeIndexes(session, missing, build)
  }
}

/** Makes all indexes of a table on a copy of it, but those of constraints. */
export async function copyIndexes(session: Session, from: Relation, to: Relation): Promise<void> {
  await makeIndexes(session, await readIndexes(session, [from]), to)
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
      await session.query(createAgain(index, build))
    } catch (error) {
      if (!(error instanceof ServerError) || error.failure.kind !== 'sql') throw error
      throw new ProblemError(indexProblem(index.name, relationKey(index), error), { cause: error })
    }
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function createAgain({ name, isUnique, definition }: FoundIndex, build: Relation): SQLQuery {
  const unique = isUnique ? sql`unique ` : sql``
  return sql`create ${unique}index ${sql.ident(name)} on ${relationIdent(build)} using ${unsafeSql(definition)}`
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
      ) end as "keyColumns"
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_index i on i.indrelid = c.oid
    join pg_catalog.pg_class x on x.oid = i.indexrelid
    join pg_catalog.pg_am m on m.oid = x.relam
    where c.relkind in ('r', 'm')
      and (n.nspname, c.relname) in (
        select * from unnest(${which.schemas}::text[], ${which.identifiers}::text[])
      )
      and i.indisvalid
      and not exists (
        select from pg_catalog.pg_constraint k where k.conindid = x.oid and k.contype in ('p', 'u', 'x')
      )`)
  return rows
}
