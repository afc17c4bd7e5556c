import type { Relation } from '../core/node.ts'
import { createSchema, type Session, sql } from '../warehouse/index.ts'
import { buildSchemas } from './relations.ts'

/** Makes the schemas in which a run builds what it will publish. */
export async function createBuildSchemas(
  session: Session,
  buildSchema: string,
  published: Iterable<Relation>,
): Promise<void> {
  for (const schema of buildSchemas(buildSchema, published)) await session.query(createSchema(schema))
}

/** Drops everything that a run has built and not published, also when it is not known what that was. */
export async function dropBuildSchemas(session: Session, buildSchema: string): Promise<void> {
  const { rows } = await session.query<{ name: string }>(sql`
    select nspname as name
    from pg_catalog.pg_namespace
    where nspname = ${buildSchema} or starts_with(nspname, ${`${buildSchema}__`})`)
  if (rows.length === 0) return
  // At once: views in one of them may read tables in another.
  const names = rows.map(({ name }) => sql.ident(name))
  await session.query(sql`drop schema if exists ${sql.join(names, ', ')} cascade`)
}
