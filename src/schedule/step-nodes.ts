/*
 * What the artifacts of a step tell of its nodes: how each went and when, what it wrote and what it read. For those who
 * watch from outside, by OpenLineage or OpenTelemetry.
 */

/** A table or view, by the names that it has in its database. */
export interface NamedRelation {
  readonly database: string
  readonly schema: string
  readonly name: string
}

export interface StepNode {
  /** As it stands in the artifacts. */
  readonly nodeId: string
  readonly status: string
  /** Null where it never began. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly message: string
  /** What it wrote; null for tests and what has no relation. */
  readonly wrote: NamedRelation | null
  readonly read: readonly NamedRelation[]
  /** What columns of the former are made from, where that is known. */
  readonly columns: readonly {
    readonly name: string
    readonly inputs: readonly { readonly relation: NamedRelation; readonly column: string }[]
  }[]
}

interface ResultEntry {
  readonly unique_id: string
  readonly status: string
  readonly message?: string | null
  readonly timing?: readonly { readonly started_at: string; readonly completed_at: string }[]
}

interface NodeEntry {
  readonly resource_type: string
  readonly database?: string | null
  readonly schema?: string
  readonly alias?: string
  readonly identifier?: string
  readonly relation_name?: string | null
  readonly depends_on?: { readonly nodes?: readonly string[] }
  readonly meta?: { readonly estimand?: { readonly column_lineage?: LineageEntry } }
}

interface LineageEntry {
  readonly columns: Readonly<
    Record<string, { readonly inputs: readonly { readonly node: string; readonly column: string }[] }>
  >
}

interface ManifestFile {
  readonly nodes: Readonly<Record<string, NodeEntry>>
  readonly sources: Readonly<Record<string, NodeEntry>>
}

/** run_results.json and manifest.json, as far as they are read. */
export interface StepArtifacts {
  readonly results: { readonly results: readonly ResultEntry[] }
  readonly manifest: ManifestFile
  /** The manifest that `compile` has left for the whole project, which knows what columns are made from. */
  readonly compiled: ManifestFile | null
}

/** The nodes that a step worked on. */
export function stepNodes({ results, manifest, compiled }: StepArtifacts): StepNode[] {
  const entryOf = (id: string) => manifest.nodes[id] ?? manifest.sources[id]
  const relationOf = (id: string): NamedRelation | null => {
    const entry = entryOf(id)
    return entry ? namedRelation(entry) : null
  }
  return results.results.map(({ unique_id, status, message, timing = [] }) => {
    const entry = entryOf(unique_id)
    const lineage = compiled?.nodes[unique_id]?.meta?.estimand?.column_lineage?.columns ?? {}
    return {
      ...{ nodeId: unique_id, status, message: message ?? '' },
      startedAt: timing[0]?.started_at ?? null,
      finishedAt: timing.at(-1)?.completed_at ?? null,
      wrote: status === 'success' && entry?.resource_type !== 'test' ? relationOf(unique_id) : null,
      read: (entry?.depends_on?.nodes ?? []).flatMap((id) => relationOf(id) ?? []),
      columns: Object.entries(lineage).map(([name, { inputs }]) => ({
        name,
        inputs: inputs.flatMap(({ node, column }) => {
          const relation = relationOf(node)
          return relation ? [{ relation, column }] : []
        }),
      })),
    }
  })
}

/** Ephemeral models and tests have none. */
function namedRelation({
  relation_name,
  resource_type,
  database,
  schema,
  alias,
  identifier,
}: NodeEntry): NamedRelation | null {
  const name = alias ?? identifier
  if (!relation_name || resource_type === 'test' || !database || !schema || !name) return null
  return { database, schema, name }
}
