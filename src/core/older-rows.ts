import { withoutIntervals } from './intervals.ts'
import type { Node } from './node.ts'
import type { Step } from './plan.ts'

/*
 * Tables that keep rows which an older definition of their model made: those of incremental models that changed.
 */

/** Whether a step leaves such rows in its table. */
export function keepsOlderRows({ action, history, intervals }: Step): boolean {
  if (action !== 'increment' && action !== 'reuse') return false
  if (intervals) return withoutIntervals(intervals.stale, intervals.due).length > 0
  return history !== undefined && history.older.length > 0
}

/** What makes the rows of a model anew, for a person to type. */
export function remedyForOlderRows({ intervals }: Step, node: Node): string {
  if (intervals) return `estimand backfill --select ${node.name}`
  const isKept = node.resourceType === 'model' && node.fullRefresh === false
  return `estimand build --full-refresh --select ${node.name}+${isKept ? ' once its config says full_refresh: false no more' : ''}`
}
