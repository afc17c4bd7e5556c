import type { EventLevel } from '../../core/events/event-names.ts'
import { type NodeId, relationOf } from '../../core/node.ts'
import type { RunEvent } from '../../core/run-event.ts'
import type { NodeResult } from '../../core/run-result.ts'
import { dbtStatus } from '../artifacts/run-results-artifact.ts'
import type { RunTeller } from './run-teller.ts'

/** A node in words, as dbt has them: `sql table model shop.orders`. */
export function describeNode(nodeId: NodeId, { manifest }: Pick<RunTeller, 'manifest'>): string {
  const node = manifest.nodes[nodeId]
  if (!node) return nodeId
  const relation = relationOf(node)
  const name =
    relation && node.resourceType !== 'test' ? `${relation.schema}.${relation.identifier}` : node.name
  if (node.resourceType === 'model') return `sql ${node.materialized} model ${name}`
  return `${node.resourceType === 'seed' ? 'seed file' : node.resourceType.replace('_', ' ')} ${name}`
}

/** Tells how a node ended: the line that people read, and the same with everything that the run knows. */
export function tellResult(
  { result, index, total }: RunEvent & { readonly type: 'node_finished' },
  teller: RunTeller,
): void {
  const { stream, nodeInfo } = teller
  const { nodeId } = result
  const status = dbtStatus[result.status]
  const { startedAt, finishedAt } = result
  const node_info = nodeInfo(nodeId, { status, startedAt, finishedAt })
  const about = { nodeId, thread: threadOf(result) }
  tellLine({ result, index, total, node_info, ...about }, teller)
  const run_result = {
    ...{ status, message: result.message, execution_time: result.durationMs / 1000 },
    ...{ num_failures: failures(result), thread: about.thread, timing_info: timing(result) },
  }
  const msg = `Finished running node ${node_info.unique_id}`
  stream.tell({ name: 'NodeFinished', level: 'debug', msg, data: { node_info, run_result }, ...about })
}

interface Line {
  readonly result: NodeResult
  readonly index: number
  readonly total: number
  readonly node_info: ReturnType<RunTeller['nodeInfo']>
  readonly nodeId: NodeId
  readonly thread: string
}

function tellLine({ result, index, total, node_info, nodeId, thread }: Line, teller: RunTeller): void {
  const { stream, manifest } = teller
  const node = manifest.nodes[nodeId]
  const description = describeNode(nodeId, teller)
  const seconds = result.durationMs / 1000
  const about = { nodeId, thread, level: levelOf(result) }
  const at = `${index} of ${total}`
  const took = `in ${seconds.toFixed(2)}s`
  const problem = result.problem && { problem: result.problem as never }
  const timed = { node_info, index, total, execution_time: seconds }
  if (result.status === 'skipped') {
    const { schema } = node_info.node_relation
    const named = { resource_type: node_info.resource_type, schema, node_name: node_info.node_name }
    const msg = `${at} SKIP ${description}: ${result.message}`
    stream.tell({
      name: 'SkippingDetails',
      msg,
      data: { node_info, index, total, ...named },
      ...about,
    })
    return
  }
  if (result.status === 'no-op') {
    const msg = `${at} NO-OP ${description}`
    stream.tell({ name: 'LogNodeNoOpResult', msg, data: { ...timed, description }, ...about })
    return
  }
  const word = words[result.status]
  if (node?.resourceType === 'test' || node?.resourceType === 'unit_test') {
    const num_failures = failures(result)
    const shown = num_failures > 0 && result.status !== 'error' ? `${word} ${num_failures}` : word
    const data = {
      ...{ node_info, name: node.name, status: result.status, index, num_models: total, num_failures },
      ...{ execution_time: seconds, ...problem },
      ...('attachedTo' in node && node.attachedTo && { attached_node: node.attachedTo }),
    }
    stream.tell({
      name: 'LogTestResult',
      msg: `${at} ${shown} ${node.name} [${took}]`,
      data,
      ...about,
    })
    return
  }
  const msg = `${at} ${word} ${description} [${result.message} ${took}]`
  const status = result.status === 'reused' ? 'REUSED' : result.status === 'error' ? 'error' : result.message
  const data = { ...timed, description, status, ...problem }
  if (node?.resourceType === 'seed') {
    const { schema, alias } = node_info.node_relation
    const loaded = { ...data, status: dbtStatus[result.status], result_message: result.message }
    stream.tell({ name: 'LogSeedResult', msg, data: { ...loaded, schema, relation: alias }, ...about })
    return
  }
  if (node?.resourceType === 'snapshot') {
    const taken = { ...data, result_message: result.message }
    stream.tell({ name: 'LogSnapshotResult', msg, data: taken, ...about })
    return
  }
  stream.tell({ name: 'LogModelResult', msg, data, ...about })
}

const words = {
  success: 'OK',
  reused: 'REUSED',
  pass: 'PASS',
  warn: 'WARN',
  fail: 'FAIL',
  error: 'ERROR',
} as const

function levelOf({ status }: NodeResult): EventLevel {
  if (status === 'error' || status === 'fail') return 'error'
  return status === 'warn' ? 'warn' : 'info'
}

/** Rows that a test found; one that broke or a node that failed counts as one, as in dbt. */
function failures({ status, rows }: NodeResult): number {
  return status === 'fail' || status === 'warn' ? (rows ?? 1) : 0
}

function threadOf({ thread }: NodeResult): string {
  return thread === null ? 'MainThread' : `Thread-${thread} (worker)`
}

function timing({ startedAt, finishedAt }: NodeResult) {
  if (startedAt === null || finishedAt === null) return []
  return [
    { name: 'compile', started_at: startedAt, completed_at: startedAt },
    { name: 'execute', started_at: startedAt, completed_at: finishedAt },
  ]
}
