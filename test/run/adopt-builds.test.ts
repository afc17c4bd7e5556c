import { describe, expect, it } from 'vitest'
import type { Plan, Step } from '../../src/core/plan.ts'
import { type AdoptionState, adoptableBuilds, withAdopted } from '../../src/run/adopt-builds.ts'
import type { KeptBuild } from '../../src/store/index.ts'

const step = (nodeId: string, ...dependsOn: string[]): Step => ({
  nodeId,
  action: 'build',
  reason: '',
  dependsOn,
})
const plan: Plan = {
  runId: '2',
  startedAt: '2026-01-01T00:00:00.000Z',
  command: 'build',
  publish: 'run',
  buildSchema: 'new',
  steps: [step('a'), step('b', 'a'), { ...step('t', 'b'), action: 'test' }, step('c', 'b', 't'), step('d')],
}

const build = (nodeId: string, change: Partial<KeptBuild> = {}): KeptBuild => ({
  nodeId,
  action: nodeId === 't' ? 'test' : 'build',
  identity: nodeId,
  inputs: {},
  builds: [],
  files: {},
  publish: [],
  ...change,
})

const state: AdoptionState = {
  identityOf: (id) => id,
  readsOf: (id) => ({ inside: { b: ['a'], t: ['b'], c: ['b'] }[id] ?? [], outside: [] }),
  inputs: new Map([
    ['app.users', 'as it was'],
    ['app.far', null],
  ]),
  files: new Map([['old.a', '1 2 3']]),
  warnError: false,
}

function adopted(changed: Partial<Record<string, Partial<KeptBuild>>> = {}, now = state): string[] {
  const builds = ['a', 'b', 't', 'd'].map((id) => build(id, changed[id]))
  return adoptableBuilds(plan, { buildSchema: 'old', builds }, now).map(({ nodeId }) => nodeId)
}

describe('adoptableBuilds', () => {
  it('takes all that is the same and was made from what is taken', () => {
    expect(adopted()).toEqual(['a', 'b', 't', 'd'])
    expect(adopted({ a: { files: { 'old.a': '1 2 3' }, inputs: { 'app.users': 'as it was' } } })).toEqual([
      'a',
      'b',
      't',
      'd',
    ])
  })

  it.each<[string, Partial<KeptBuild>]>([
    ['is defined otherwise', { identity: 'other' }],
    ['is to be built in another way', { action: 'increment' }],
    ['is no longer there', { files: { 'old.b': '1 2 3' } }],
    ['is there without its rows', { files: { 'old.a': '1 2 9' } }],
    ['reads other rows', { inputs: { 'app.users': 'otherwise' } }],
    ['reads what nobody can tell of', { inputs: { 'app.far': null } }],
    ['reads what is gone', { inputs: { 'app.gone': 'as it was' } }],
  ])('leaves what %s, and all that is made from it', (_name, change) => {
    expect(adopted({ a: change })).toEqual(['d'])
    expect(adopted({ b: change })).toEqual(['a', 'd'])
    expect(adopted({ t: change.action ? { ...change, action: 'build' } : change })).toEqual(['a', 'b', 'd'])
  })

  it('leaves a test that warned where warnings are errors', () => {
    expect(adopted({ t: { verdict: 'warn' } })).toContain('t')
    expect(adopted({ t: { verdict: 'warn' } }, { ...state, warnError: true })).toEqual(['a', 'b', 'd'])
    expect(adopted({ t: { verdict: 'pass' } }, { ...state, warnError: true })).toContain('t')
  })
})

describe('withAdopted', () => {
  it('leaves the steps that are still to be done, in the schema in which the others were', () => {
    const rest = withAdopted(plan, 'old', [build('a'), build('b'), build('t')])
    expect(rest.buildSchema).toBe('old')
    expect(rest.steps).toEqual([step('c'), step('d')])
    expect(rest.adopted?.map(({ nodeId }) => nodeId)).toEqual(['a', 'b', 't'])
  })
})
