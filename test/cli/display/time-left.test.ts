import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { liveLines } from '../../../src/cli/display/live-lines.ts'
import { advance, emptyRunView, type RunView } from '../../../src/cli/display/run-view.ts'
import { timeLeftMs } from '../../../src/cli/display/time-left.ts'
import type { RunEvent } from '../../../src/core/run-event.ts'
import { sampleNodes, samplePlan, sampleResult } from './sample-run.ts'

const [load, orders, view, test] = samplePlan.steps.map(({ nodeId }) => nodeId) as [
  string,
  string,
  string,
  string,
]
const started: RunEvent = { type: 'run_started', plan: samplePlan, nodeNames: {} }
const start = (nodeId: string): RunEvent => ({ type: 'node_started', nodeId, index: 1, total: 4, at: '' })
const finish = (id: string): RunEvent => ({
  type: 'node_finished',
  index: 1,
  total: 4,
  result: sampleResult(id),
})
const viewAfter = (events: readonly RunEvent[], nowMs = 0): RunView =>
  events.reduce((view, event) => advance(view, event, nowMs), emptyRunView(0))
const usual: RunEvent = {
  type: 'durations_known',
  seconds: { [load]: 10, [orders]: 30, [view]: 1, [test]: 1 },
}

describe('the time that is left', () => {
  it('comes from what nodes took before, and how many work at once', () => {
    expect(timeLeftMs(viewAfter([started, usual, start(load)]), 4000)).toBe(38_000)
    expect(timeLeftMs(viewAfter([started, usual, finish(load), start(orders)]), 10_000)).toBe(22_000)
    // Two at work: the longer of them has the last word.
    expect(timeLeftMs(viewAfter([started, usual, start(load), start(orders)]), 0)).toBe(30_000)
  })

  it('is not guessed where too little is known, and nothing where all is done', () => {
    const half: RunEvent = { type: 'durations_known', seconds: { [load]: 10, [orders]: 30 } }
    expect(timeLeftMs(viewAfter([started, half, start(load)]), 0)).toBeNull()
    expect(timeLeftMs(viewAfter([started]), 0)).toBeNull()
    expect(timeLeftMs(viewAfter([started, usual, ...[load, orders, view, test].map(finish)]), 0)).toBeNull()
  })

  it('stands behind the bar, and is the first to go on a narrow terminal', () => {
    const failed: RunEvent = {
      type: 'node_finished',
      index: 1,
      total: 4,
      result: sampleResult(view, { status: 'error' }),
    }
    const now = viewAfter([started, usual, failed, start(orders)])
    const last = (width: number) =>
      liveLines(now, { nodes: sampleNodes, colors: picocolors.createColors(false), width, nowMs: 2000 }).at(
        -1,
      )!
    expect(last(80)).toBe('██████░░░░░░░░░░░░░░░░░░  1 of 4  1 failed  2.0s  about 39.0s left')
    for (let width = 8; width <= 100; width++) expect(last(width).length).toBeLessThanOrEqual(width)
    expect(last(26)).toContain('1 of 4  1 failed  2.0s')
    expect(last(26)).not.toContain('left')
  })
})
