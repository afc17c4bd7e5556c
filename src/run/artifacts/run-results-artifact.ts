import { extended } from '../../core/extended.ts'
import type { Manifest, ProjectMoment } from '../../core/manifest.ts'
import { type Node, type NodeId, relationOf } from '../../core/node.ts'
import type { NodeResult, NodeStatus, RunResult } from '../../core/run-result.ts'
import { renamedIds } from './artifact-ids.ts'
import { type ArtifactOptions, artifactMetadata } from './artifact-metadata.ts'
import { relationName } from './artifact-scope.ts'
import { hasSql } from './compiled-path.ts'
import { adapterResponse, isByBatch, messageOf } from './result-words.ts'

/** dbt's run results, version 6. */
export interface RunResultsArtifact {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly results: readonly Readonly<Record<string, unknown>>[]
  /** Seconds. */
  readonly elapsed_time: number
  readonly args: Readonly<Record<string, unknown>>
}

export interface RunResultsOptions extends ArtifactOptions {
  /** SQL as it reads from what is published; without it, the SQL that the run used stands in the results. */
  readonly compiledCode?: ReadonlyMap<NodeId, string>
  /** The flags of the run, under dbt's names. */
  readonly args?: Readonly<Record<string, unknown>>
}

/** The result of a run as dbt's tools read it. */
export function runResultsArtifact(
  run: RunResult,
  manifest: Manifest,
  options: RunResultsOptions,
): RunResultsArtifact {
  const ids = renamedIds(manifest)
  const idOf = (id: NodeId): string => ids.get(id) ?? id
  const results = run.results.flatMap((result) => {
    const node = manifest.nodes[result.nodeId]
    return node ? [resultEntry(result, node, idOf(node.id), { run, manifest, options })] : []
  })
  return {
    metadata: artifactMetadata('run-results/v6', options),
    results: [...hookEntries(run, 'on_run_start'), ...results, ...hookEntries(run, 'on_run_end')],
    elapsed_time: run.elapsedMs / 1000,
    args: {
      which: run.command,
      ...options.args,
      // As in dbt the results of a retry are those of what it did; the next one needs to know the rest.
      ...(run.adopted && { adopted: run.adopted.flatMap((id) => (manifest.nodes[id] ? [idOf(id)] : [])) }),
    },
  }
}

/** What became of the project's hooks, which are nodes for dbt. */
function hookEntries({ hooks = [] }: RunResult, moment: ProjectMoment) {
  return hooks
    .filter((hook) => hook.moment === moment)
    .map(({ hookId, status, startedAt, finishedAt, durationMs, message, compiledCode }) => ({
      status,
      timing: phases(startedAt, finishedAt),
      thread_id: 'main',
      execution_time: durationMs / 1000,
      adapter_response: {},
      message,
      failures: status === 'success' ? 0 : 1,
      unique_id: hookId,
      compiled: compiledCode !== undefined,
      compiled_code: compiledCode ?? null,
      relation_name: null,
    }))
}

/**
 * dbt's word for each status. "reused" is no word of dbt 1.11, whose readers refuse the file for it. For them a node
 * that is as it should be succeeded; the message and the adapter's response say how.
 */
export const dbtStatus: Readonly<Record<NodeStatus, string>> = {
  success: 'success',
  reused: 'success',
  'no-op': 'no-op',
  pass: 'pass',
  warn: 'warn',
  fail: 'fail',
  error: 'error',
  skipped: 'skipped',
}

/** What writing the entry of one result needs to know of the others. */
export interface ResultScope {
  readonly run: RunResult
  readonly manifest: Manifest
  readonly options: RunResultsOptions
}

/** What an entry begins with: what became of the node, and when. */
export function entryTimes(result: NodeResult) {
  return {
    status: dbtStatus[result.status],
    timing: timing(result),
    thread_id: result.thread === null ? 'MainThread' : `Thread-${result.thread} (worker)`,
    execution_time: result.durationMs / 1000,
  }
}

/** The entry of one result. */
export function resultEntry(result: NodeResult, node: Node, id: string, scope: ResultScope) {
  const compiledCode = scope.options.compiledCode?.get(node.id) ?? result.compiledCode
  return extended(entryTimes(result), entryFindings(result, node, id, scope), {
    compiled_code: isQuery(node) ? (compiledCode ?? null) : null,
    relation_name: entryRelation(node, scope),
  })
}

/** What stands in an entry between its times and its SQL. */
export function entryFindings(
  result: NodeResult,
  node: Node,
  id: string,
  { run, options }: Pick<ResultScope, 'run' | 'options'>,
) {
  const isCompiled = options.compiledCode?.has(node.id) || result.compiledCode !== undefined
  return {
    adapter_response: adapterResponse(result, node),
    message: messageOf(result, node, run),
    failures: failures(result, node),
    batch_results: isTest(node) ? null : batchResults(result),
    unique_id: id,
    compiled: isQuery(node) ? isCompiled : null,
  }
}

/** The relation of a node as an entry ends with it; a seed's is not named, as in dbt, and a test's where it keeps rows. */
export function entryRelation(node: Node, { manifest, options }: Pick<ResultScope, 'manifest' | 'options'>) {
  if (node.resourceType === 'seed') return null
  const isKept = node.resourceType === 'test' && (node.storeFailures ?? 'ephemeral') !== 'ephemeral'
  const relation = isKept || node.resourceType === 'function' ? node.relation : relationOf(node)
  return relation && relationName(node, relation, manifest, options)
}

/** Whether a node is run as a query of its own. */
function isQuery(node: Node): boolean {
  return hasSql(node) || node.resourceType === 'unit_test'
}

/** The rows that a test found, where these are too many; a unit test fails as a whole. */
function failures(result: NodeResult, node: Node): number | null {
  const { status, rows } = result
  if (!isTest(node)) return status === 'no-op' || isByBatch(result, node) ? 0 : null
  if (status === 'pass') return 0
  return node.resourceType === 'unit_test' && status === 'fail' ? 1 : rows
}

/** When each batch began and ended, by what became of it. */
function batchResults({ batches }: NodeResult) {
  if (!batches) return null
  const times = (isFine: boolean) =>
    batches
      .filter(({ status }) => (status === 'success') === isFine)
      .map(({ start, end }) => [start, end].map((time) => time.replace('.000Z', '+00:00')))
  return { successful: times(true), failed: times(false) }
}

/** Templates are rendered as a part of the work, so compiling takes no time of its own; readers expect both. */
function timing({ startedAt, finishedAt }: NodeResult) {
  return phases(startedAt, finishedAt)
}

function phases(startedAt: string | null, finishedAt: string | null) {
  if (startedAt === null) return []
  return [
    { name: 'compile', started_at: startedAt, completed_at: startedAt },
    { name: 'execute', started_at: startedAt, completed_at: finishedAt },
  ]
}

function isTest({ resourceType }: Node): boolean {
  return resourceType === 'test' || resourceType === 'unit_test'
}
