import type { NodeId } from '../core/node.ts'
import type { NodeResult, RunResult } from '../core/run-result.ts'
import type { CommandContext } from './command-context.ts'

/** What the results of compiling say: of every node that it went well, as in dbt. */
export function compileRun(
  { command, clock }: CommandContext,
  runId: string,
  nodeIds: readonly NodeId[],
  started: Date,
): RunResult {
  const [startedAt, finishedAt] = [started.toISOString(), clock().toISOString()]
  const results = nodeIds.map((nodeId) => compiledWell(nodeId, startedAt, finishedAt))
  const elapsedMs = clock().getTime() - started.getTime()
  return {
    runId,
    command,
    status: 'success',
    startedAt,
    elapsedMs,
    published: false,
    publishMs: null,
    results,
    problems: [],
  }
}

function compiledWell(nodeId: NodeId, startedAt: string, finishedAt: string): NodeResult {
  return {
    nodeId,
    status: 'success',
    startedAt,
    finishedAt,
    durationMs: 0,
    rows: null,
    message: '',
    thread: 1,
  }
}
