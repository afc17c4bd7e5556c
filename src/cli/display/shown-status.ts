import { isFailure, type NodeResult, type NodeStatus } from '../../core/run-result.ts'

/** How a node's end is told: a node that was stopped with its run has no error of its own. */
export type ShownStatus = NodeStatus | 'cancelled'

/** The status of a node as people are told it. */
export function shownStatus({ status, problem }: NodeResult): ShownStatus {
  return isFailure(status) && problem?.code === 'cancelled' ? 'cancelled' : status
}
