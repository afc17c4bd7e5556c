import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { liveLines } from '../../../src/cli/display/live-lines.ts'
import { makeTextNarrator } from '../../../src/cli/display/narrator.ts'
import { makeTextRunDisplay } from '../../../src/cli/display/run-display.ts'
import { advance, emptyRunView } from '../../../src/cli/display/run-view.ts'
import { makePlainScreen, type Screen } from '../../../src/cli/display/screen.ts'
import type { Output } from '../../../src/cli/output.ts'
import { makeEventStream } from '../../../src/core/events/event-stream.ts'
import { makeProblem } from '../../../src/core/problem.ts'
import type { RunEvent } from '../../../src/core/run-event.ts'
import { sampleNodes, samplePlan, sampleResult } from './sample-run.ts'

const colors = picocolors.createColors(false)
const load = 'load.shop.world'
const orders = 'model.shop.orders'
const notNull = 'test.shop.not_null_orders_id'

/** A screen that keeps its lines, and a clock that is moved by hand. */
function stage(options: { quiet?: boolean } = {}) {
  const lines: string[] = []
  const controller = new AbortController()
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const output: Output = {
    write: (text) => lines.push(...text.replace(/\n$/, '').split('\n')),
    interactive: false,
    colors,
    width: () => 120,
    stream: process.stdout,
  }
  const screen: Screen = makePlainScreen(output)
  const clock = () => new Date(nowMs)
  const quiet = options.quiet ?? false
  const events = makeEventStream({ invocationId: 'i', processId: 1, clock, scrub: (text) => text })
  const narrator = makeTextNarrator(screen, { clock, events, quiet, level: 'info', patienceMs: 0 })
  const displayOptions = { nodes: sampleNodes, clock, quiet, debug: false, signal: controller.signal }
  const show = makeTextRunDisplay(narrator, displayOptions)
  const at = (seconds: number, event: RunEvent) => {
    nowMs = Date.parse('2026-01-01T00:00:00Z') + seconds * 1000
    show(event)
  }
  return { lines, at, cancel: () => controller.abort() }
}

const started: RunEvent = { type: 'run_started', plan: samplePlan, nodeNames: {} }
const start = (nodeId: string, index: number): RunEvent => ({
  type: 'node_started',
  nodeId,
  index,
  total: 4,
  at: '2026-01-01T00:00:00Z',
})

describe('a run where lines cannot be redrawn', () => {
  it('has a line for each node that is done', () => {
    const { lines, at } = stage()
    at(0, started)
    at(0, start(orders, 2))
    at(0.5, { type: 'node_finished', index: 2, total: 4, result: sampleResult(orders, { rows: 412_331 }) })
    expect(lines).toEqual([
      '2 of 4  OK     table       analytics.orders                      412,331 rows     1.84s',
    ])
  })

  it('announces a node that has run for a second, once', () => {
    const { lines, at } = stage()
    at(0, started)
    at(0, start(load, 1))
    at(0.4, start(orders, 2))
    at(1.1, { type: 'node_finished', index: 1, total: 4, result: sampleResult('model.shop.stg_orders') })
    at(1.3, { type: 'node_finished', index: 2, total: 4, result: sampleResult(orders) })
    expect(lines).toEqual([
      '        RUNS   load        world',
      expect.stringContaining('1 of 4  OK '),
      expect.stringContaining('2 of 4  OK '),
    ])
  })

  it('tells the progress of a load every five seconds and no oftener', () => {
    const { lines, at } = stage()
    const progress = (rows: number): RunEvent => ({
      type: 'node_progress',
      nodeId: load,
      rows,
      expectedRows: 1000,
    })
    at(0, started)
    at(0, start(load, 1))
    for (const seconds of [1, 2, 3, 4, 5, 6, 9, 10]) at(seconds, progress(seconds * 50))
    expect(lines.slice(1)).toEqual([
      '        ...    load        world                           250 rows  50 rows/s  25 %  15.0s left',
      '        ...    load        world                           500 rows  50 rows/s  50 %  10.0s left',
    ])
  })

  it('shows what is wrong with a node below its line', () => {
    const { lines, at } = stage()
    const problem = makeProblem('test-failed', '3 rows have no id', {
      place: { file: 'models/orders.yml', line: 4, column: 11 },
      source: '\n\n\n        - not_null',
    })
    at(0, started)
    const result = sampleResult(notNull, { status: 'fail', rows: 3, durationMs: 12, problem })
    at(1, { type: 'node_finished', index: 4, total: 4, result })
    expect(lines).toEqual([
      '4 of 4  FAIL   test        not_null_orders_id                  3 failing rows     0.01s',
      'models/orders.yml:4:11  3 rows have no id   [test-failed]',
      '  4 |         - not_null',
      '                ^',
    ])
  })

  it('says that it waits for another run, once, and that it publishes', () => {
    const { lines, at } = stage()
    at(0, { type: 'waiting_for_lock', holder: 'build since 10:00', holders: [] })
    at(2, { type: 'waiting_for_lock', holder: 'build since 10:00', holders: [] })
    at(3, { type: 'publish_started', relations: 2 })
    at(4, { type: 'publish_finished', relations: 2, durationMs: 1000 })
    expect(lines).toEqual(['Waiting for another run to finish: build since 10:00', 'Publishing 2 relations'])
  })

  it('tells a node that was stopped with its run apart from one that failed', () => {
    const { lines, at } = stage()
    const problem = makeProblem('cancelled', 'the run was cancelled')
    at(0, started)
    const result = sampleResult(orders, { status: 'error', problem })
    at(1, { type: 'node_finished', index: 1, total: 4, result })
    expect(lines).toEqual([
      '1 of 4  STOP   table       analytics.orders                                       1.84s',
    ])
  })

  it('leaves out what a cancelled run does not start any more', () => {
    const { lines, at, cancel } = stage()
    const skip: RunEvent = {
      type: 'node_finished',
      index: 1,
      total: 4,
      result: sampleResult(orders, { status: 'skipped', message: 'a test failed', startedAt: null }),
    }
    at(0, started)
    at(1, skip)
    cancel()
    at(2, skip)
    expect(lines).toEqual(['1 of 4  SKIP   table       analytics.orders                a test failed'])
  })

  it('with --quiet says only what failed', () => {
    const { lines, at } = stage({ quiet: true })
    const problem = makeProblem('sql-error', 'division by zero')
    at(0, started)
    at(0, start(orders, 2))
    at(1, { type: 'node_finished', index: 1, total: 4, result: sampleResult(load) })
    at(1, {
      type: 'node_finished',
      index: 2,
      total: 4,
      result: sampleResult(orders, { status: 'error', problem }),
    })
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain('ERROR')
    expect(lines[1]).toContain('division by zero')
  })
})

describe('live lines', () => {
  it('show what runs, how far loads are, and the whole; no line is wider than the terminal', () => {
    let view = emptyRunView(0)
    view = advance(view, started, 0)
    view = advance(
      view,
      { type: 'node_finished', index: 3, total: 4, result: sampleResult('model.shop.stg_orders') },
      10,
    )
    view = advance(view, start(load, 1), 0)
    view = advance(view, { type: 'node_progress', nodeId: load, rows: 500, expectedRows: 1000 }, 2000)
    const lines = liveLines(view, { nodes: sampleNodes, colors, width: 80, nowMs: 2000 })
    expect(lines).toEqual([
      '⠋ load world  2.0s  500 rows  250 rows/s  50 %  2.0s left',
      '██████░░░░░░░░░░░░░░░░░░  1 of 4  2.0s',
    ])
    const narrow = liveLines(view, { nodes: sampleNodes, colors, width: 40, nowMs: 2000 })
    for (const line of narrow) expect(line.length).toBeLessThanOrEqual(40)
  })
})
