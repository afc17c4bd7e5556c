import type { PublishedDefinition } from '../core/fingerprint.ts'
import { type Relation, relationKey } from '../core/node.ts'
import { type Session, sql } from '../warehouse/index.ts'
import { hasTable } from './has-table.ts'

/** Notes from which definitions relations were made; part of the publishing transaction. */
export async function recordDefinitions(
  session: Session,
  publications: readonly { readonly relation: Relation; readonly definition: PublishedDefinition }[],
): Promise<void> {
  const rows = publications.map(({ relation, definition }) => ({
    schema_name: relation.schema,
    relation_name: relation.identifier,
    fingerprint: definition,
  }))
  await session.query(sql`
    insert into estimand.definitions (schema_name, relation_name, fingerprint)
    select schema_name, relation_name, fingerprint
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as definition (
      schema_name text, relation_name text, fingerprint jsonb
    )
    on conflict (schema_name, relation_name) do update set fingerprint = excluded.fingerprint`)
}

/** The definition from which each published relation was made, by relation key; none before the first run. */
export async function readDefinitions(session: Session): Promise<ReadonlyMap<string, PublishedDefinition>> {
  if (!(await hasTable(session, 'definitions'))) return new Map()
  const { rows } = await session.query<{
    schema_name: string
    relation_name: string
    fingerprint: PublishedDefinition
  }>(sql`select schema_name, relation_name, fingerprint from estimand.definitions`)
  return new Map(
    rows.map((row) => [
      relationKey({ schema: row.schema_name, identifier: row.relation_name }),
      row.fingerprint,
    ]),
  )
}
