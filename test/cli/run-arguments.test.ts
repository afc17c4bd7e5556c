import { describe, expect, it } from 'vitest'
import type { GlobalFlags, RunFlags } from '../../src/cli/flags.ts'
import { runArguments, runFlagsOf } from '../../src/cli/run-arguments.ts'

const globals: GlobalFlags = { logFormat: 'text', vars: '{day: 2026-01-31, n: 3}', target: 'prod' }
const flags: RunFlags = {
  wait: true,
  waitTimeout: 10,
  output: 'text',
  select: ['a+'],
  models: ['b'],
  fullRefresh: true,
  state: 'before',
  eventTimeStart: new Date('2026-01-31T00:00:00Z'),
}

describe('the flags of a run', () => {
  it('are kept under the names that dbt has for them', () => {
    expect(runArguments(globals, flags)).toEqual({
      vars: { day: '2026-01-31', n: 3 },
      target: 'prod',
      select: ['a+', 'b'],
      exclude: [],
      full_refresh: true,
      state: 'before',
      event_time_start: '2026-01-31T00:00:00.000Z',
    })
  })

  it('come back as they were, through JSON', () => {
    const kept = JSON.parse(JSON.stringify({ ...runArguments(globals, flags), target: 'prod' }))
    const { select: _, models: __, wait: ___, waitTimeout: ____, output: _____, ...same } = flags
    expect(runFlagsOf(kept)).toEqual({
      globals: { vars: '{"day":"2026-01-31","n":3}', target: 'prod' },
      flags: same,
    })
  })

  it("reads dbt's, with all that it keeps", () => {
    const dbt = { which: 'run', vars: {}, full_refresh: false, selector: null, log_level: 'info', select: [] }
    expect(runFlagsOf(dbt)).toEqual({ globals: { vars: '{}' }, flags: { fullRefresh: false } })
  })
})
