import type { Node } from '../core/node.ts'
import { BatchesError } from './batches-error.ts'
import { checkBuildsSurvived } from './build-schemas.ts'
import { isAway, usualRetries } from './retry-policy.ts'
import type { RunContext } from './run-context.ts'
import { withRetries } from './with-retries.ts'

/*
 * Work for a node that is tried again where it fails for a reason that passes, as often as the node's config says.
 */

export interface NodeRetry {
  /** Removes what the try before has left. */
  readonly clear: () => Promise<void>
  /** Told which try begins, from 1. */
  readonly onTry?: (attempt: number) => void
}

/** Does work for a node until it succeeds, or fails for good. */
export function retryNode<T>(
  node: Node,
  context: RunContext,
  { clear, onTry }: NodeRetry,
  work: () => Promise<T>,
): Promise<T> {
  const { effects, plan, configOf } = context
  const { retries = usualRetries, retryDelayMs } = configOf(node.id)
  let wasAway = false
  return withRetries(
    {
      spec: { retries, ...(retryDelayMs !== undefined && { delayMs: retryDelayMs }) },
      who: `${plan.runId} ${node.id}`,
      signal: effects.signal,
      onRetry: ({ pauseMs, reason }, attempt, error) => {
        wasAway ||= isAway(error)
        effects.emit({ type: 'node_retried', nodeId: node.id, attempt, pauseMs, reason })
      },
      // Each batch has been tried again for itself.
      isFinal: (error) => error instanceof BatchesError,
    },
    async (attempt) => {
      onTry?.(attempt)
      if (attempt > 1) {
        if (wasAway) await comeBack(context)
        await clear()
      }
      return work()
    },
  )
}

/** After a connection was lost: the lease is still ours, nothing goes on behind our back, nothing built is gone. */
async function comeBack({ lease, warehouse, plan, standing }: RunContext): Promise<void> {
  await lease.hold()
  // What the server still does for a connection that is lost would meet what is done now.
  await lease.endSessions(warehouse.lostProcesses())
  await checkBuildsSurvived(warehouse.control, plan.buildSchema, standing)
}
