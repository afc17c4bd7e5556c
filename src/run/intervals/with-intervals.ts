import type { TableHistory } from '../../core/fingerprint.ts'
import type { BuiltInterval, PlannedIntervals } from '../../core/intervals.ts'
import { type Node, relationKey } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import type { RunRequest } from '../run-request.ts'
import { isAllRebuilt, planIntervals } from './plan-intervals.ts'
import { isFlaw, timePartition } from './time-partition.ts'

/** What a plan decides about a node. */
type Decided = Pick<Step, 'action' | 'reason' | 'intervals'>

export interface WithIntervalsOptions extends Pick<RunRequest, 'eventTime' | 'chosenTimes'> {
  readonly startedAt: Date
  /** Of an incremental model. */
  readonly history: TableHistory | null
}

/** Adds the times to what is decided about a model that is built by time; it may have to be built anew for them. */
export function withIntervals(
  node: Node,
  decided: Decided,
  ledgers: ReadonlyMap<string, readonly BuiltInterval[]>,
  { history, startedAt, eventTime, chosenTimes }: WithIntervalsOptions,
): Decided {
  if (node.resourceType !== 'model') return decided
  const partition = timePartition(node)
  // What is wrong with it is told by the step, which fails.
  if (!partition || isFlaw(partition)) return decided
  const chosen = chosenTimes?.get(node.id)
  const plan = (isIncremental: boolean): PlannedIntervals =>
    planIntervals({
      partition,
      ledger: ledgers.get(relationKey(node.relation)) ?? null,
      fingerprint: history!.version,
      isIncremental,
      now: startedAt,
      ...(eventTime?.start && { from: eventTime.start }),
      ...(eventTime?.end && { to: eventTime.end }),
      ...(chosen && { chosen }),
    })
  const intervals = plan(decided.action === 'increment')
  if (decided.action !== 'increment' || node.fullRefresh === false || !isAllRebuilt(intervals))
    return { ...decided, intervals }
  return {
    action: 'build',
    reason: 'incremental, but the model changed, and on_change is rebuild',
    intervals: plan(false),
  }
}
