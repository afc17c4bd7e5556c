import { exitCodeOf } from '../core/problem.ts'
import { isFailure, type RunResult } from '../core/run-result.ts'
import type { ExitCode } from './command-context.ts'

/**
 * 1 when a node or test failed or the run was cancelled. A run that broke on its surroundings before any node
 * failed exits as its problem asks: 2 for a server that cannot be reached.
 */
export function exitCodeOfRun(result: RunResult): ExitCode {
  if (result.status === 'success') return 0
  const nodeFailed = result.results.some(({ status }) => isFailure(status))
  const [problem] = result.problems
  return !nodeFailed && problem ? exitCodeOf(problem) : 1
}
