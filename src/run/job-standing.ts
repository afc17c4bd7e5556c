import type { JobSpec } from '../core/job-spec.ts'
import type { Manifest } from '../core/manifest.ts'
import { type JobNode, type Relation, relationKey, relationsOf } from '../core/node.ts'
import { type Queryable, relationIdent, sql } from '../warehouse/index.ts'

/*
 * What is alike in how jobs of all kinds stand: which of them a project has, which of their tables are published, and
 * what the first of these says of itself.
 */

/** A job of one kind. */
export type JobOfKind<K extends JobSpec['kind']> = JobNode & {
  readonly spec: Extract<JobSpec, { readonly kind: K }>
}

/** The jobs of a kind that a project has, by name. */
export function jobsOfKind<K extends JobSpec['kind']>(
  { nodes }: Pick<Manifest, 'nodes'>,
  kind: K,
): JobOfKind<K>[] {
  return Object.values(nodes)
    .filter((node): node is JobOfKind<K> => node.resourceType === 'job' && node.spec.kind === kind)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A job's tables that are there. */
export function publishedTables(
  { tables }: Pick<JobNode, 'tables'>,
  found: ReadonlySet<string>,
): (suffix: string) => Relation | null {
  return (suffix) => {
    const table = tables.find((each) => each.suffix === suffix)
    return table && found.has(relationKey(table.relation)) ? table.relation : null
  }
}

/** The instant that published results speak about, and the run that they are of. */
export interface JobAbout {
  readonly asOf: string
  readonly runId: string
}

/** What a job's main table says of itself. */
export async function readAbout(warehouse: Queryable, table: Relation): Promise<JobAbout | undefined> {
  const { rows } = await warehouse.query<JobAbout>(sql`
    select
      to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "asOf",
      run_id::text as "runId"
    from ${relationIdent(table)}
    limit 1`)
  return rows[0]
}

/** The relation that a job calls by a name. */
export function relationOfJob(manifest: Manifest, node: JobNode, ref: string): Relation {
  const target = node.dependsOn.map((id) => manifest.nodes[id]!).find(({ name }) => name === ref)
  const [relation] = target ? relationsOf(target) : []
  if (!relation) throw new Error(`${node.id} does not depend on a relation '${ref}'`)
  return relation
}
