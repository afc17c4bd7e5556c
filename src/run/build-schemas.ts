import { type Relation, relationKey } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import {
  type CatalogRelation,
  createSchema,
  dropRelation,
  type Queryable,
  relationIdent,
  relationsInSchemas,
  ServerError,
  type Session,
  sql,
} from '../warehouse/index.ts'
import { buildSchemas } from './relations.ts'

/** Makes the schemas in which a run builds what it will publish, as far as they are not there. */
export async function createBuildSchemas(
  session: Session,
  buildSchema: string,
  published: Iterable<Relation>,
): Promise<void> {
  for (const schema of buildSchemas(buildSchema, published)) await session.query(createSchema(schema))
  const table = relationIdent(witness(buildSchema))
  await session.query(sql`create unlogged table if not exists ${table} as select 1 as one`)
}

/**
 * A table with rows that a server loses when it breaks down, as it does those of all tables that are not logged. They
 * are there still, empty, and nothing else tells.
 */
function witness(buildSchema: string): Relation {
  return { schema: buildSchema, identifier: 'estimand_witness' }
}

/** Throws when the server has broken down since the run began, and what it has built is not whole any more. */
export async function checkBuildsSurvived(
  on: Queryable,
  buildSchema: string,
  built: readonly Relation[],
): Promise<void> {
  const table = relationIdent(witness(buildSchema))
  const { rows } = await on.query<{ whole: boolean }>(sql`select exists (select from ${table}) as whole`)
  if (rows[0]!.whole) return
  const lost = await lostAmong(on, built)
  if (lost.length > 0)
    throw new ProblemError(
      makeProblem(
        'build-lost',
        `the database server broke down and lost what was built: ${lost.join(', ')}`,
        {
          hint: 'nothing of it was published; run again, and see the log of the server',
        },
      ),
    )
  await on.query(sql`insert into ${table} values (1)`)
}

/**
 * What a server may have lost when it broke down: what is not logged, what is not there any more, and, where the
 * server says of a commit that it is done before it is on disk, every table: its last rows may never have got there.
 */
async function lostAmong(on: Queryable, relations: readonly Relation[]): Promise<string[]> {
  const schemas = relations.map(({ schema }) => schema)
  const names = relations.map(({ identifier }) => identifier)
  const { rows } = await on.query<{ name: string }>(sql`
    select built.name
    from unnest(${schemas}::text[], ${names}::text[]) as built (schema, name)
    left join pg_catalog.pg_namespace n on n.nspname = built.schema
    left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = built.name
    where c.oid is null
      or c.relpersistence = 'u'
      or (c.relkind in ('r', 'm') and pg_catalog.current_setting('synchronous_commit') = 'off')
    order by 1`)
  return rows.map(({ name }) => name)
}

/** Drops everything that a run has built and not published, also when it is not known what that was. */
export async function dropBuildSchemas(session: Session, buildSchema: string): Promise<void> {
  const schemas = await schemasOfBuilds(session, buildSchema)
  if (schemas.length === 0) return
  // At once: views in one of them may read tables in another.
  const names = schemas.map((name) => sql.ident(name))
  await session.query(sql`drop schema if exists ${sql.join(names, ', ')} cascade`)
}

/** The schemas of a run that there are. */
export async function schemasOfBuilds(session: Session, buildSchema: string): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(sql`
    select nspname as name
    from pg_catalog.pg_namespace
    where nspname = ${buildSchema} or starts_with(nspname, ${`${buildSchema}__`})`)
  return rows.map(({ name }) => name)
}

/** SQLSTATE of a DROP of something that something else needs. */
const isNeeded = '2BP01'

/** Drops from the build schemas what is not taken over: it would be in the way of what is built again. */
export async function dropOthers(
  session: Session,
  buildSchema: string,
  kept: readonly Relation[],
): Promise<void> {
  const keys = new Set(kept.map(relationKey))
  const schemas = await schemasOfBuilds(session, buildSchema)
  let others = (await relationsInSchemas(session, schemas)).filter((one) => !keys.has(relationKey(one)))
  // In whatever order they need each other; what something that is kept needs stays.
  for (let before = Number.POSITIVE_INFINITY; others.length > 0 && others.length < before; ) {
    before = others.length
    const left: typeof others = []
    for (const relation of others) if (!(await isDropped(session, relation))) left.push(relation)
    others = left
  }
}

async function isDropped(session: Session, relation: CatalogRelation): Promise<boolean> {
  try {
    await session.query(dropRelation(relation, relation.kind))
    return true
  } catch (error) {
    if (error instanceof ServerError && error.failure.sqlstate === isNeeded) return false
    throw error
  }
}
