import { describe, expect, it } from 'vitest'
import { ProblemError } from '../../../src/core/problem.ts'
import { parseSelection } from '../../../src/core/selection/index.ts'
import type { Criterion, SelectionSet } from '../../../src/core/selection/selection-spec.ts'

function criterion(text: string): Criterion {
  const union = parseSelection(text) as SelectionSet
  return (union.parts[0] as SelectionSet).parts[0] as Criterion
}

function refusals(...texts: string[]): string[] {
  try {
    parseSelection(texts)
  } catch (error) {
    if (error instanceof ProblemError)
      return error.problems.map(({ code, message, hint }) => {
        expect(code).toBe('selector-invalid')
        return `${message} | ${hint}`
      })
    throw error
  }
  return []
}

describe('parseSelection', () => {
  const none = { parentsDepth: 0, childrenDepth: 0, childrensParents: false, methodArguments: [] }
  const all = Number.POSITIVE_INFINITY

  it.each<[string, Partial<Criterion>]>([
    ['orders', { ...none, method: 'fqn', value: 'orders' }],
    ['+orders', { ...none, method: 'fqn', value: 'orders', parentsDepth: all }],
    ['orders+', { ...none, method: 'fqn', value: 'orders', childrenDepth: all }],
    ['2+orders+3', { ...none, method: 'fqn', value: 'orders', parentsDepth: 2, childrenDepth: 3 }],
    ['0+orders', { ...none, method: 'fqn', value: 'orders', parentsDepth: 0 }],
    ['@orders', { ...none, method: 'fqn', value: 'orders', childrensParents: true }],
    ['@+orders', { ...none, value: 'orders', childrensParents: true, parentsDepth: all }],
    ['1+tag:nightly+', { ...none, method: 'tag', value: 'nightly', parentsDepth: 1, childrenDepth: all }],
    [
      'config.meta.owner:sales',
      { ...none, method: 'config', methodArguments: ['meta', 'owner'], value: 'sales' },
    ],
    ['models/marts', { ...none, method: 'path', value: 'models/marts' }],
    [
      '+models/marts/orders.sql',
      { ...none, method: 'path', value: 'models/marts/orders.sql', parentsDepth: all },
    ],
    ['orders.sql', { ...none, method: 'file', value: 'orders.sql' }],
    ['countries.CSV', { ...none, method: 'file', value: 'countries.CSV' }],
    ['marts.sales.*', { ...none, method: 'fqn', value: 'marts.sales.*' }],
    ['source:app.users', { ...none, method: 'source', value: 'app.users' }],
    ['tag:a:b', { ...none, method: 'tag', value: 'a:b' }],
    ['fqn:orders.sql', { ...none, method: 'fqn', value: 'orders.sql' }],
  ])('reads %s', (text, expected) => {
    expect(criterion(text)).toMatchObject({ raw: text, ...expected })
  })

  it('unites what spaces separate and intersects what commas do', () => {
    const spec = parseSelection(['a  tag:x,b+', 'c']) as SelectionSet
    expect(spec.kind).toBe('union')
    expect(spec.parts.map(({ kind, raw }) => [kind, raw])).toEqual([
      ['intersection', 'a'],
      ['intersection', 'tag:x,b+'],
      ['intersection', 'c'],
    ])
    expect((spec.parts[1] as SelectionSet).parts.map(({ raw }) => raw)).toEqual(['tag:x', 'b+'])
  })

  it('refuses what it does not understand, all of it at once', () => {
    expect(
      refusals(
        'tagg:nightly',
        '@a+',
        'a,,b',
        '+',
        'resource_type:modell',
        'test_type:unique',
        'config:view',
        '',
      ),
    ).toEqual([
      expect.stringContaining("selection '': the selection is empty"),
      "selection 'tagg:nightly': unknown method 'tagg' | did you mean 'tag'?",
      "selection '@a+': '@' before and '+' after a name exclude each other | '@' takes in all children already",
      expect.stringContaining("selection 'a,,b': a part is empty"),
      expect.stringContaining("selection '+': '+' names nothing"),
      expect.stringContaining("did you mean 'model'?"),
      expect.stringContaining('allowed: generic, schema, singular, data'),
      expect.stringContaining('config.materialized:view'),
    ])
    expect(refusals('source:a.b.c.d')[0]).toContain('too many parts')
    expect(refusals('zzzzzz:a')[0]).toContain('methods: fqn, tag, path')
    expect(refusals('constructor:a')[0]).toContain("unknown method 'constructor'")
  })
})
