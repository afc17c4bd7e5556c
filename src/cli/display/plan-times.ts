import { type Interval, type PlannedIntervals, withoutIntervals } from '../../core/intervals.ts'
import type { Node, NodeId } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import type { Colors } from '../output.ts'
import { tableLines } from './table.ts'
import { manyTimesText } from './times.ts'

/** For models that are built by time: which times a plan builds and why, and which it leaves as they are. */
export function planTimesLines(
  steps: readonly Step[],
  nodes: Readonly<Record<NodeId, Pick<Node, 'name'>>>,
  colors: Colors,
): string[] {
  const rows = steps.flatMap(({ nodeId, action, intervals }) =>
    intervals
      ? timesOf(intervals, action).map(([what, times, why], place) => {
          return [place === 0 ? nodes[nodeId]!.name : '', what, manyTimesText(times), why]
        })
      : [],
  )
  if (rows.length === 0) return []
  const table = tableLines({
    head: ['model', '', 'times', ''],
    rows,
    align: ['left', 'left', 'left', 'left'],
  })
  return [colors.dim(table[0]!), ...table.slice(1), '']
}

type Line = readonly [what: string, times: readonly Interval[], why: string]

function timesOf(planned: PlannedIntervals, action: Step['action']): Line[] {
  const { due, missing, stale, unknown, again, isNamed, onChange } = planned
  const isRebuilt = onChange === 'rebuild'
  const lines: Line[] =
    isNamed || action !== 'increment'
      ? [['builds', due, isNamed ? 'as told' : 'all of it']]
      : [
          ['builds', missing, 'missing'],
          ['builds', isRebuilt ? stale : [], 'built by an older version; on_change is rebuild'],
          ['builds', again, 'again, for rows that came late'],
        ]
  const left: Line[] = [
    ['leaves', isNamed ? leftOf(missing, planned) : [], 'missing'],
    ['keeps', leftOf(stale, planned), `built by an older version; on_change is ${onChange}`],
    ['keeps', leftOf(unknown, planned), 'not known: it stood there before its times were kept'],
  ]
  return [...lines, ...left].filter(([, times]) => times.length > 0)
}

function leftOf(times: readonly Interval[], { due }: PlannedIntervals): Interval[] {
  return withoutIntervals(times, due)
}
