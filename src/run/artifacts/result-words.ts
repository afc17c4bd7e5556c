import type { Node } from '../../core/node.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import type { ProblemCode } from '../../core/problem-catalogue.ts'
import type { NodeResult, RunResult } from '../../core/run-result.ts'

/*
 * What became of a node in the words of dbt: what the server answers to the statement that makes it, or what is wrong.
 */

/** What a server answers to the statement that makes the node, as tools know it from dbt. */
export function adapterResponse(result: NodeResult, node: Node): Readonly<Record<string, unknown>> {
  const { status, message, rows, badRows, command } = result
  if (status === 'skipped' || status === 'error' || status === 'no-op') return {}
  if (status === 'reused') return { _message: message, code: 'REUSED' }
  // A node that was only compiled has nothing to say; of batches each has an answer of its own.
  if (message === '' || isByBatch(result, node)) return {}
  // The rows of a test's result are failures; what its query gave back is the one row that counts them.
  if (node.resourceType === 'test') return answer('SELECT', 1)
  if (node.resourceType === 'function') return answer('CREATE FUNCTION', null)
  if (isView(node)) return answer('CREATE VIEW', null)
  if (rows === null) return command ? answer(command, null) : { _message: message }
  if (node.resourceType === 'seed') return answer(command ?? 'INSERT', rows)
  if (badRows !== undefined) return { ...answer('COPY', rows), bad_rows: badRows }
  if (command === 'INSERT') return { ...answer(command, rows), _message: `INSERT 0 ${rows}` }
  return answer(command ?? 'SELECT', rows)
}

/** An answer of the server; a statement that says nothing of rows has -1 of them, as in dbt. */
function answer(code: string, rows: number | null) {
  return { _message: rows === null ? code : `${code} ${rows}`, code, rows_affected: rows ?? -1 }
}

function isView(node: Node): boolean {
  return node.resourceType === 'model' && node.materialized === 'view'
}

/** Whether dbt tells of the batches of a model instead of the model. */
export function isByBatch({ status }: NodeResult, node: Node): boolean {
  if (status !== 'success' || node.resourceType !== 'model') return false
  return node.materialized === 'incremental' && node.incrementalStrategy === 'microbatch'
}

/** What happened, as dbt says it; null where it says nothing: of a test that passes, of what was skipped. */
export function resultMessage(result: NodeResult, node: Node): string | null {
  const { status, message, rows, problem } = result
  if (status === 'pass' || status === 'skipped' || message === '') return null
  if (node.resourceType === 'test' && (status === 'warn' || status === 'fail')) {
    const limit = status === 'warn' ? node.warnIf : node.errorIf
    return `Got ${rows} ${rows === 1 ? 'result' : 'results'}, configured to ${status} if ${limit}`
  }
  if (problem && status !== 'success') return problemInWords(problem, status, node)
  if (isByBatch(result, node)) return 'SUCCESS'
  const { _message: answered } = adapterResponse(result, node)
  return typeof answered === 'string' ? answered : message
}

/** What is wrong with a node: where dbt would find it, and below that all that we know. */
function problemInWords(problem: Problem, status: NodeResult['status'], { resourceType, name, path }: Node) {
  const told = formatProblem(problem)
  if (status !== 'error') return told
  const kind = kindOf(problem)
  const indented = told.replaceAll('\n', '\n  ')
  return `${kind} in ${resourceType} ${name} (${path})\n  ${indented}`
}

/** Where dbt would say that it went wrong: in the database, while it was at work, or in what the project says. */
function kindOf({ code }: Problem): string {
  const ofServer = code.startsWith('warehouse-') || databaseErrors.has(code)
  return ofServer ? 'Database Error' : runtimeErrors.has(code) ? 'Runtime Error' : 'Compilation Error'
}

const databaseErrors: ReadonlySet<ProblemCode> = new Set(['sql-error', 'statement-timeout', 'build-lost'])
const runtimeErrors: ReadonlySet<ProblemCode> = new Set([
  'cancelled',
  'run-superseded',
  'load-failed',
  'job-failed',
])

/** The same in the results of a run, which may have ended without publishing what it built. */
export function messageOf(result: NodeResult, node: Node, run: RunResult): string | null {
  const message = resultMessage(result, node)
  const isTest = node.resourceType === 'test' || node.resourceType === 'unit_test'
  if (message === null || isTest) return message
  return `${message}${unpublished(result, run)}${tries(result)}`
}

/** For dbt a node that succeeded is live; here a run that fails leaves everything as it was. */
function unpublished({ status }: NodeResult, run: RunResult): string {
  if (status !== 'success' || run.published || run.status === 'success') return ''
  if (run.published === null) return '; it is unknown whether it was published'
  return `; not published, because the run ${run.status === 'cancelled' ? 'was cancelled' : 'failed'}`
}

function tries({ attempts = 1 }: NodeResult): string {
  return attempts > 1 ? `; tried ${attempts} times` : ''
}
