import type { PublishedDefinition } from '../core/fingerprint.ts'
import { type NodeId, type Relation, relationKey } from '../core/node.ts'
import { type Session, sql } from '../warehouse/index.ts'
import { recordDefinitions } from './definitions.ts'
import { hasTable } from './has-table.ts'

export interface Publication {
  readonly relation: Relation
  readonly nodeId: NodeId
  readonly fingerprint: string | null
  /** What its node's definition comes to. */
  readonly definition: PublishedDefinition
}

/** Notes which run made each relation; part of the publishing transaction, so it is true whenever it is visible. */
export async function recordPublications(
  session: Session,
  runId: string,
  publishedAt: Date,
  publications: readonly Publication[],
): Promise<void> {
  const rows = publications.map(({ relation, nodeId, fingerprint }) => ({
    schema_name: relation.schema,
    relation_name: relation.identifier,
    node_id: nodeId,
    fingerprint,
  }))
  await session.query(sql`
    insert into estimand.publications (schema_name, relation_name, node_id, run_id, fingerprint, published_at)
    select schema_name, relation_name, node_id, ${runId}, fingerprint, ${publishedAt.toISOString()}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as publication (
      schema_name text, relation_name text, node_id text, fingerprint text
    )
    on conflict (schema_name, relation_name) do update
    set node_id = excluded.node_id,
        run_id = excluded.run_id,
        fingerprint = excluded.fingerprint,
        published_at = excluded.published_at`)
  await recordDefinitions(session, publications)
  await session.query(sql`
    update estimand.runs set published_at = ${publishedAt.toISOString()} where run_id = ${runId}`)
}

/** What is known of a published relation. */
export interface Published {
  readonly fingerprint: string | null
  /** ISO 8601, in UTC; later instants are greater as text. */
  readonly publishedAt: string
}

/** Every relation that runs published here, by relation key; none before the first run. */
export async function readPublished(session: Session): Promise<ReadonlyMap<string, Published>> {
  if (!(await hasTable(session, 'publications'))) return new Map()
  const { rows } = await session.query<Published & { schema_name: string; relation_name: string }>(sql`
    select
      schema_name,
      relation_name,
      fingerprint,
      to_char(published_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "publishedAt"
    from estimand.publications`)
  return new Map(
    rows.map(({ schema_name, relation_name, fingerprint, publishedAt }) => [
      relationKey({ schema: schema_name, identifier: relation_name }),
      { fingerprint, publishedAt },
    ]),
  )
}
