import { describe, expect, it } from 'vitest'
import type { ProblemError } from '../../../src/core/problem.ts'
import { type NodeComparison, type PreviousState, select } from '../../../src/core/selection/index.ts'
import { sampleManifest } from '../sample-manifest.ts'

const same: NodeComparison = { isNew: false, isModified: false, changes: new Set() }
const comparisons: Readonly<Record<string, NodeComparison>> = {
  'model.shop.stg_users': { isNew: false, isModified: true, changes: new Set(['body', 'macros']) },
  'model.shop.orders': { isNew: false, isModified: true, changes: new Set(['configs']) },
  'seed.shop.countries': { isNew: true, isModified: true, changes: new Set(['body', 'configs']) },
}
const state: PreviousState = {
  folder: 'before',
  compare: (id) => comparisons[id] ?? same,
  statuses: new Map([
    ['model.shop.stg_users', 'error'],
    ['model.shop.orders', 'skipped'],
    ['model.shop.stg_events', 'success'],
  ]),
  fresher: new Set(['source.shop.app.users']),
}

function names(text: string, from: PreviousState | undefined = state): string[] {
  const options = { select: [text], indirectSelection: 'empty' as const, ...(from && { state: from }) }
  return select(sampleManifest, options)
    .nodeIds.map((id) => id.split('.').at(-1)!)
    .sort()
}

describe('methods that compare with what was before', () => {
  it.each<[string, string[]]>([
    ['state:new', ['countries']],
    ['state:modified', ['countries', 'orders', 'stg_users']],
    ['state:modified.body', ['countries', 'stg_users']],
    ['state:modified.configs', ['countries', 'orders']],
    ['state:modified.macros', ['stg_users']],
    ['state:modified.contract', []],
    ['state:modified,tag:people', ['stg_users']],
    ['1+state:modified.macros', ['stg_users', 'users']],
    ['result:error', ['stg_users']],
    ['result:error result:skipped', ['orders', 'stg_users']],
    ['result:fail', []],
    ['source_status:fresher', ['users']],
    ['source_status:fresher+1', ['stg_users', 'users']],
  ])('%s', (text, expected) => {
    expect(names(text)).toEqual(expected)
  })

  it('old and unmodified are the rest', () => {
    expect(names('state:old')).not.toContain('countries')
    expect(names('state:old')).toHaveLength(12)
    expect(names('state:unmodified')).toHaveLength(10)
  })

  it('may match nothing without a warning', () => {
    expect(select(sampleManifest, { select: ['state:modified.contract'], state }).warnings).toEqual([])
    expect(select(sampleManifest, { select: ['tag:nothing'], state }).warnings).toHaveLength(1)
  })

  describe('tell of broken contracts', () => {
    const broken = { model: 'orders', file: 'models/orders.sql', breaks: ['column id was removed'] }
    const withBroken = (isVersioned: boolean): PreviousState => ({
      ...state,
      brokenContracts: () => [{ ...broken, isVersioned }],
    })
    const warnings = (...texts: string[]) =>
      select(sampleManifest, { select: texts, state: withBroken(false) }).warnings

    it('once, as a warning, where a selection compares them', () => {
      expect(warnings('state:modified', 'state:modified.contract')).toMatchObject([
        {
          code: 'contract-change',
          severity: 'warning',
          message: 'orders breaks the contract that it had: column id was removed',
          place: { file: 'models/orders.sql' },
        },
      ])
      expect(warnings('state:unmodified')).toHaveLength(1)
      expect(warnings('state:modified.body', 'state:new', 'result:error')).toEqual([])
    })

    it('as an error where the model could have got a new version', () => {
      const text = 'state:modified'
      expect(() => select(sampleManifest, { select: [text], state: withBroken(true) })).toThrow(
        'orders breaks the contract',
      )
      expect(() => select(sampleManifest, { select: ['state:new'], state: withBroken(true) })).not.toThrow()
    })
  })

  it('say what is missing', () => {
    const problem = (text: string, from?: PreviousState) => {
      try {
        select(sampleManifest, { select: [text], ...(from && { state: from }) })
      } catch (error) {
        return (error as ProblemError).problems[0]!
      }
      throw new Error('nothing was missing')
    }
    expect(problem('state:new')).toMatchObject({
      code: 'state-missing',
      message: 'state:new needs an earlier state to compare with',
    })
    expect(problem('result:error', { folder: 'before' }).message).toBe(
      'result:error needs run_results.json, and before has none',
    )
    expect(problem('state:modifed', state)).toMatchObject({
      code: 'selector-invalid',
      hint: "did you mean 'modified'?",
    })
  })
})
