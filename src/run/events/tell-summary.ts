import { runStats, statsLine } from '../../core/events/run-stats.ts'
import { formatProblem } from '../../core/problem.ts'
import { isFailure, type NodeResult, type RunResult } from '../../core/run-result.ts'
import { dbtStatus } from '../artifacts/run-results-artifact.ts'
import type { RunTeller } from './run-teller.ts'

/** Tells how a run ended: what went wrong once more, node by node, and the counts. */
export function tellSummary(result: RunResult, teller: RunTeller): void {
  const { stream } = teller
  const { results, elapsedMs, problems } = result
  const seconds = elapsedMs / 1000
  const stats = runStats(results, result.hooks)
  const stat_line = kindCounts(results, teller)
  const execution = ` in ${seconds.toFixed(2)} seconds`
  stream.tell({
    name: 'FinishedRunningStats',
    level: 'info',
    msg: `Finished running ${stat_line}${execution} (${seconds.toFixed(2)}s).`,
    data: { stat_line, execution, execution_time: seconds },
  })
  stream.tell({
    name: 'EndOfRunSummary',
    level: 'info',
    msg:
      stats.error + stats.warn === 0
        ? 'Completed successfully'
        : `Completed with ${stats.error} errors and ${stats.warn} warnings:`,
    data: {
      num_errors: stats.error,
      num_warnings: stats.warn,
      keyboard_interrupt: result.status === 'cancelled',
    },
  })
  for (const one of results) {
    if (isFailure(one.status)) tellWrong(one, true, teller)
    else if (one.status === 'warn') tellWrong(one, false, teller)
  }
  stream.tell({ name: 'StatsLine', level: 'info', msg: statsLine(stats), data: { stats: { ...stats } } })
  const { runId, status, published, publishMs } = result
  stream.tell({
    name: 'RunFinished',
    level: 'info',
    msg: `The run ${{ success: 'succeeded', failed: 'failed', cancelled: 'was cancelled' }[status]}`,
    data: {
      ...{ run_id: runId, status, published, publish_ms: publishMs, elapsed_ms: elapsedMs },
      problems: problems as never,
    },
  })
}

function tellWrong(result: NodeResult, isError: boolean, { stream, nodeInfo, manifest }: RunTeller): void {
  const { nodeId, startedAt, finishedAt } = result
  const node_info = nodeInfo(nodeId, { status: dbtStatus[result.status], startedAt, finishedAt })
  const { resource_type, node_name } = node_info
  const path = manifest.nodes[nodeId]?.place.file ?? ''
  const level = isError ? 'error' : 'warn'
  const where = `in ${resource_type} ${node_name} (${path})`
  const data = { node_info, resource_type, node_name, path }
  const msg = result.problem ? formatProblem(result.problem) : result.message
  if (isError) {
    stream.tell({ name: 'RunResultFailure', level, msg: `Failure ${where}`, data, nodeId })
    stream.tell({ name: 'RunResultError', level, msg, data: { node_info, msg }, nodeId })
  } else {
    stream.tell({ name: 'RunResultWarning', level, msg: `Warning ${where}`, data, nodeId })
    stream.tell({ name: 'RunResultWarningMessage', level, msg, data: { node_info, msg }, nodeId })
  }
}

/** `1 seed, 3 models, 3 tests`. */
function kindCounts(results: readonly NodeResult[], { manifest }: RunTeller): string {
  const counts = new Map<string, number>()
  for (const { nodeId } of results) {
    const kind = (manifest.nodes[nodeId]?.resourceType ?? 'node').replace('_', ' ')
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts]
    .map(([kind, count]) => (count === 1 ? `1 ${kind}` : `${count} ${kind.replace(/y$/, 'ie')}s`))
    .join(', ')
}
