import type { Manifest, ProjectMoment } from '../../core/manifest.ts'
import { type Node, type NodeId, relationOf } from '../../core/node.ts'
import { formatProblem } from '../../core/problem.ts'
import type { NodeResult, NodeStatus, RunResult } from '../../core/run-result.ts'
import { renamedIds } from './artifact-ids.ts'
import { type ArtifactOptions, artifactMetadata } from './artifact-metadata.ts'
import { relationName } from './artifact-scope.ts'
import { hasSql } from './compiled-path.ts'

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
    thread_id: result.thread === null ? 'MainThread' : `Thread-${result.thread}`,
    execution_time: result.durationMs / 1000,
  }
}

/** The entry of one result. */
export function resultEntry(result: NodeResult, node: Node, id: string, scope: ResultScope) {
  const compiledCode = scope.options.compiledCode?.get(node.id) ?? result.compiledCode
  return {
    ...entryTimes(result),
    ...entryFindings(result, node, id, scope),
    compiled_code: hasSql(node) ? (compiledCode ?? null) : null,
    relation_name: entryRelation(node, scope),
  }
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
    message: `${message(result, node, run)}${tries(result)}`,
    failures: isTest(node)
      ? failures(result)
      : result.status === 'no-op' || isByBatch(result, node)
        ? 0
        : null,
    unique_id: id,
    compiled: hasSql(node) ? isCompiled : null,
  }
}

/** The relation of a node as an entry ends with it. */
export function entryRelation(node: Node, { manifest, options }: Pick<ResultScope, 'manifest' | 'options'>) {
  const relation = relationOf(node)
  return relation && relationName(node, relation, manifest, options)
}

/** The rows that a test found, where these are too many; one that passes has none, as in dbt. */
function failures({ status, rows }: NodeResult): number | null {
  return status === 'pass' ? 0 : rows
}

/** Templates are rendered as a part of the work, so compiling takes no time of its own; readers expect both. */
function timing({ status, startedAt, finishedAt }: NodeResult) {
  return status === 'no-op' ? [] : phases(startedAt, finishedAt)
}

function phases(startedAt: string | null, finishedAt: string | null) {
  if (startedAt === null) return []
  return [
    { name: 'compile', started_at: startedAt, completed_at: startedAt },
    { name: 'execute', started_at: startedAt, completed_at: finishedAt },
  ]
}

/** What a server answers to the statement that makes the node, as tools know it from dbt. */
export function adapterResponse(
  { status, message, rows, badRows }: NodeResult,
  node: Node,
): Readonly<Record<string, unknown>> {
  if (status === 'skipped' || status === 'error' || status === 'no-op') return {}
  if (status === 'reused') return { _message: message, code: 'REUSED' }
  // The rows of a test's result are failures; what its query gave back is the one row that counts them.
  if (node.resourceType === 'test') return { _message: 'SELECT 1', code: 'SELECT', rows_affected: 1 }
  if (node.resourceType === 'seed' && rows !== null)
    return { _message: `INSERT 0 ${rows}`, code: 'INSERT', rows_affected: rows }
  if (isView(node)) return { _message: 'CREATE VIEW', code: 'CREATE VIEW', rows_affected: -1 }
  if (badRows !== undefined && rows !== null)
    return { _message: `COPY ${rows}`, code: 'COPY', rows_affected: rows, bad_rows: badRows }
  if (rows !== null) return { _message: `SELECT ${rows}`, code: 'SELECT', rows_affected: rows }
  return { _message: message }
}

function isView(node: Node): boolean {
  return node.resourceType === 'model' && node.materialized === 'view'
}

function tries({ attempts = 1 }: NodeResult): string {
  return attempts > 1 ? `; tried ${attempts} times` : ''
}

/** What happened, with the place in the project where something is wrong. */
function message({ status, message, problem }: NodeResult, node: Node, run: RunResult): string {
  if (problem && status !== 'success') return formatProblem(problem)
  const isBuilt = status === 'success' && !isTest(node)
  // For dbt a node that succeeded is live; here a run that fails leaves everything as it was.
  if (!isBuilt || run.published || run.status === 'success') return message
  if (run.published === null) return `${message}; it is unknown whether it was published`
  return `${message}; not published, because the run ${run.status === 'cancelled' ? 'was cancelled' : 'failed'}`
}

/** dbt counts the batches of a microbatch model that failed. */
function isByBatch({ status }: NodeResult, node: Node): boolean {
  if (status !== 'success' || node.resourceType !== 'model') return false
  return node.materialized === 'incremental' && node.incrementalStrategy === 'microbatch'
}

function isTest({ resourceType }: Node): boolean {
  return resourceType === 'test' || resourceType === 'unit_test'
}
