import picocolors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { summaryLines } from '../../../src/cli/display/run-summary.ts'
import { exitCodeOfRun } from '../../../src/cli/exit-code-of-run.ts'
import { makeProblem } from '../../../src/core/problem.ts'
import type { RunResult } from '../../../src/core/run-result.ts'
import { sampleNodes, sampleResult } from './sample-run.ts'

const colors = picocolors.createColors(false)
const orders = sampleResult('model.shop.orders', { rows: 1200 })
const staging = sampleResult('model.shop.stg_orders')
const load = sampleResult('load.shop.world', { rows: 5000 })

function runResult(changes: Partial<RunResult>): RunResult {
  return {
    runId: 'run-1',
    command: 'build',
    status: 'success',
    startedAt: '2026-01-01T00:00:00Z',
    elapsedMs: 41_200,
    published: true,
    publishMs: 120,
    results: [load, orders, staging],
    problems: [],
    ...changes,
  }
}

const summary = (result: RunResult, publish: 'run' | 'node' = 'run') =>
  summaryLines(result, sampleNodes, publish, colors)

describe('the summary of a run', () => {
  it('counts each kind and says that all went live at once', () => {
    const results = [load, orders, staging, sampleResult('test.shop.not_null_orders_id', { status: 'pass' })]
    expect(summary(runResult({ results }))).toEqual([
      '',
      '  loads   1 built, 5,000 rows',
      '  models  2 built, 1,200 rows',
      '  tests   1 passed',
      'Done in 41.20s. Published everything at once in 0.12s.',
      'Done. PASS=4 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=0 TOTAL=4',
    ])
  })

  it('says that a failed run left the warehouse as it was', () => {
    const results = [
      load,
      { ...orders, status: 'error' as const },
      { ...staging, status: 'skipped' as const },
    ]
    const result = runResult({ status: 'failed', published: false, publishMs: null, results })
    expect(summary(result)).toEqual([
      '',
      '  loads   1 built, 5,000 rows',
      '  models  1 with an error, 1 skipped',
      'Failed in 41.20s. Nothing was published: the warehouse is as it was before. estimand retry goes on from what was built.',
      'Done. PASS=1 WARN=0 ERROR=1 SKIP=1 NO-OP=0 REUSED=0 TOTAL=3',
    ])
    const nothing = runResult({
      status: 'failed',
      published: false,
      publishMs: null,
      results: results.slice(1),
    })
    expect(summary(nothing).at(-2)).toBe(
      'Failed in 41.20s. Nothing was published: the warehouse is as it was before.',
    )
  })

  it('says nothing of publishing when nothing was to be built', () => {
    const results = [sampleResult('test.shop.not_null_orders_id', { status: 'fail', rows: 2 })]
    const lines = summary(runResult({ status: 'failed', published: false, publishMs: null, results }))
    expect(lines.at(-2)).toBe('Failed in 41.20s.')
  })

  it('says when nodes went live one by one', () => {
    expect(summary(runResult({ publishMs: null }), 'node').at(-2)).toBe(
      'Done in 41.20s. Each node went live when it was built.',
    )
  })
})

describe('the exit code of a run', () => {
  const failed = { status: 'failed', published: false } as const
  it.each([
    ['a success', runResult({}), 0],
    ['a node that failed', runResult({ ...failed, results: [{ ...orders, status: 'error' }] }), 1],
    ['a test that failed', runResult({ ...failed, results: [{ ...orders, status: 'fail' }] }), 1],
    ['a test that warned', runResult({ results: [{ ...orders, status: 'warn' }] }), 0],
    ['a cancel', runResult({ status: 'cancelled', problems: [makeProblem('cancelled', 'cancelled')] }), 1],
    ['publishing refused', runResult({ ...failed, problems: [makeProblem('publish-refused', 'x')] }), 1],
    [
      'no server',
      runResult({ ...failed, results: [], problems: [makeProblem('warehouse-unreachable', 'x')] }),
      2,
    ],
  ])('of %s', (_name, result, code) => {
    expect(exitCodeOfRun(result)).toBe(code)
  })

  it('names what failed once more where a run is long, and not more than can be read', () => {
    const problem = makeProblem('sql-error', 'no such column\nand more', {
      place: { file: 'models/orders.sql', line: 2, column: 8 },
    })
    const failed = { ...orders, status: 'error' as const, problem }
    const many = Array.from({ length: 25 }, () => failed)
    const lines = summary(runResult({ status: 'failed', results: [load, ...many] }))
    expect(lines.slice(0, 3)).toEqual([
      '',
      '25 failed:',
      '  table analytics.orders  models/orders.sql:2:8  no such column',
    ])
    expect(lines[22]).toBe('  and 5 more')
    expect(summary(runResult({ status: 'failed', results: [load, failed] }))[1]).toMatch(/loads/)
  })
})
