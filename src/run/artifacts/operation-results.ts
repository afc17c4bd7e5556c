import type { Manifest } from '../../core/manifest.ts'
import { type NodeId, relationOf } from '../../core/node.ts'
import { artifactIds } from './artifact-ids.ts'
import { type ArtifactOptions, artifactMetadata } from './artifact-metadata.ts'
import { relationName } from './artifact-scope.ts'
import { hasSql } from './compiled-path.ts'
import type { RunResultsArtifact } from './run-results-artifact.ts'

/*
 * run_results.json of what is no run: a macro that was called, relations that were cloned.
 */

/** When something was done. */
export interface Span {
  readonly startedAt: Date
  readonly finishedAt: Date
}

/** The result of a macro that was called by its name, or of SQL without one, as dbt has it; `error` says what went wrong. */
export function operationResults(
  { macro, args, error, ...span }: Span & { macro: string | null; args: object; error: string | null },
  { project }: Pick<Manifest, 'project'>,
  options: ArtifactOptions,
): RunResultsArtifact {
  const [name = '', home = project] = macro?.split('.').reverse() ?? []
  const entry = {
    status: error === null ? 'success' : 'error',
    message: error,
    failures: error === null ? 0 : 1,
    unique_id: macro === null ? `sql operation.${project}.inline_query` : `macro.${home}.${name}`,
    compiled: false,
    relation_name: null,
  }
  return document('run-operation', [{ ...entry, ...done(span) }], { macro, args }, span, options)
}

/** The results of cloning, one for each node that was to be cloned; those of `cloned` were, to a view or a table. */
export function cloneResults(
  { nodeIds, cloned, ...span }: Span & { nodeIds: readonly NodeId[]; cloned: ReadonlyMap<NodeId, string> },
  manifest: Manifest,
  options: ArtifactOptions & { readonly args?: Readonly<Record<string, unknown>> },
): RunResultsArtifact {
  const ids = artifactIds(manifest)
  const results = nodeIds.map((nodeId) => {
    const node = manifest.nodes[nodeId]!
    const relation = relationOf(node)
    const statement = cloned.get(nodeId)
    return {
      status: 'success',
      message: statement ?? 'No-op',
      failures: null,
      unique_id: ids.get(nodeId) ?? nodeId,
      compiled: hasSql(node) ? false : null,
      relation_name: relation && hasSql(node) ? relationName(node, relation, manifest, options) : null,
      ...done(span),
      ...(statement && {
        adapter_response: { _message: statement, code: statement, rows_affected: -1 },
      }),
    }
  })
  return document('clone', results, { ...options.args }, span, options)
}

/** What the results of both have in common. */
function done(span: Span) {
  const started_at = span.startedAt.toISOString()
  return {
    timing: [
      { name: 'compile', started_at, completed_at: started_at },
      { name: 'execute', started_at, completed_at: span.finishedAt.toISOString() },
    ],
    thread_id: 'MainThread',
    execution_time: seconds(span),
    adapter_response: {},
    compiled_code: null,
  }
}

function document(
  which: string,
  results: RunResultsArtifact['results'],
  args: Readonly<Record<string, unknown>>,
  span: Span,
  options: ArtifactOptions,
): RunResultsArtifact {
  return {
    metadata: artifactMetadata('run-results/v6', options),
    results,
    elapsed_time: seconds(span),
    args: { which, ...args },
  }
}

function seconds({ startedAt, finishedAt }: Span): number {
  return (finishedAt.getTime() - startedAt.getTime()) / 1000
}
