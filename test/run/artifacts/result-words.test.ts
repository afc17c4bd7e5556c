import { describe, expect, it } from 'vitest'
import type { Node } from '../../../src/core/node.ts'
import type { NodeResult } from '../../../src/core/run-result.ts'
import { adapterResponse, resultMessage } from '../../../src/run/artifacts/result-words.ts'

/*
 * What dbt 1.12 with dbt-postgres 1.11 wrote into run_results.json for such nodes.
 */

const result: NodeResult = {
  nodeId: 'model.shop.a',
  status: 'success',
  startedAt: '2024-01-01T00:00:00.000Z',
  finishedAt: '2024-01-01T00:00:01.000Z',
  durationMs: 1000,
  rows: 3,
  message: '3 rows',
  thread: 1,
}
const model = { resourceType: 'model', name: 'a', path: 'models/a.sql', materialized: 'table' } as Node
const seed = { resourceType: 'seed', name: 'a' } as Node
const view = { ...model, materialized: 'view' } as Node
const batched = { ...model, materialized: 'incremental', incrementalStrategy: 'microbatch' } as Node
const check = { resourceType: 'test', name: 't', warnIf: '>1', errorIf: '!= 0' } as Node
const unit = { resourceType: 'unit_test', name: 'u' } as Node
const made = { resourceType: 'function', name: 'f' } as Node

describe('what became of a node, as dbt says it', () => {
  it.each<[string, Node, Partial<NodeResult>, string | null, unknown]>([
    ['a table', model, {}, 'SELECT 3', { code: 'SELECT', rows_affected: 3 }],
    ['an increment', model, { command: 'INSERT' }, 'INSERT 0 3', { code: 'INSERT', rows_affected: 3 }],
    ['a merge', model, { command: 'MERGE' }, 'MERGE 3', { code: 'MERGE', rows_affected: 3 }],
    ['batches', batched, { message: '3 rows in 2 batches' }, 'SUCCESS', {}],
    ['a view', view, { rows: null }, 'CREATE VIEW', { code: 'CREATE VIEW', rows_affected: -1 }],
    ['a seed', seed, {}, 'INSERT 3', { code: 'INSERT', rows_affected: 3 }],
    ['a seed made anew', seed, { command: 'CREATE' }, 'CREATE 3', { code: 'CREATE', rows_affected: 3 }],
    ['a function', made, { rows: null }, 'CREATE FUNCTION', { code: 'CREATE FUNCTION', rows_affected: -1 }],
    ['a test that passes', check, { status: 'pass', rows: 0 }, null, { code: 'SELECT', rows_affected: 1 }],
    ['one that fails', check, { status: 'fail', rows: 1 }, 'Got 1 result, configured to fail if != 0', {}],
    ['one that warns', check, { status: 'warn', rows: 2 }, 'Got 2 results, configured to warn if >1', {}],
    ['a unit test', unit, { status: 'pass', rows: 0 }, null, {}],
    ['what was skipped', model, { status: 'skipped', rows: null, message: 'b failed' }, null, {}],
    ['what was only compiled', view, { rows: null, message: '' }, null, {}],
  ])('%s', (_name, node, changes, message, response) => {
    expect(resultMessage({ ...result, ...changes }, node)).toBe(message)
    const answered = adapterResponse({ ...result, ...changes }, node)
    expect(answered).toMatchObject(response as object)
    if (message && answered['_message']) expect([message, 'SELECT 1']).toContain(answered['_message'])
  })

  it('begins with dbt’s words where something is wrong, and goes on with the place', () => {
    const problem = { code: 'sql-error', severity: 'error', message: 'column "x" does not exist' } as const
    const failed = { ...result, status: 'error', problem, rows: null } as const
    expect(resultMessage(failed, model)).toBe(
      'Database Error in model a (models/a.sql)\n  column "x" does not exist   [sql-error]',
    )
    expect(adapterResponse(failed, model)).toEqual({})
  })
  it.each([
    ['statement-timeout', 'Database Error in model a (models/a.sql)'],
    ['warehouse-lost', 'Database Error in model a (models/a.sql)'],
    ['build-lost', 'Database Error in model a (models/a.sql)'],
    ['ref-unknown', 'Compilation Error in model a (models/a.sql)'],
    ['cancelled', 'Runtime Error in model a (models/a.sql)'],
    ['contract-broken', 'Compilation Error in model a (models/a.sql)'],
  ] as const)('takes %s for what it is', (code, words) => {
    const problem = { code, severity: 'error', message: 'it went wrong' } as const
    const told = resultMessage({ ...result, status: 'error', problem, rows: null }, model)
    expect(told?.split('\n')[0]).toBe(words)
  })
})
