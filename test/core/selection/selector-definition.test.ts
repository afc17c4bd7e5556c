import { describe, expect, it } from 'vitest'
import type { SelectorInfo } from '../../../src/core/manifest.ts'
import type { ProblemError } from '../../../src/core/problem.ts'
import { select } from '../../../src/core/selection/index.ts'
import { sampleManifest } from '../sample-manifest.ts'

/** What the selector 'wanted' selects, by short names; tests are left out. */
function selected(
  definition: unknown,
  others: Record<string, unknown> = {},
  text?: readonly string[],
): string[] {
  const infos = Object.entries({ wanted: definition, ...others }).map(
    ([name, of]): [string, SelectorInfo] => [
      name,
      { name, description: '', definition: of, isDefault: false },
    ],
  )
  const manifest = { ...sampleManifest, selectors: Object.fromEntries(infos) }
  const { nodeIds } = select(manifest, {
    ...(text ? { select: text } : { selector: 'wanted' }),
    indirectSelection: 'empty',
  })
  return nodeIds.map((id) => id.split('.').at(-1)!).sort()
}

function refusal(definition: unknown, others: Record<string, unknown> = {}): string {
  try {
    selected(definition, others)
  } catch (error) {
    return (error as ProblemError).problems.map(({ message }) => message).join('\n')
  }
  throw new Error('it was understood')
}

describe('definitions of selectors.yml', () => {
  it.each<[string, unknown, string[]]>([
    ['text', 'stg_users', ['stg_users']],
    ['text with operators', '1+orders', ['countries', 'int_sessions', 'orders']],
    ['a method with its value', { tag: 'nightly' }, ['stg_events', 'stg_users']],
    ['method and value', { method: 'tag', value: 'nightly' }, ['stg_events', 'stg_users']],
    [
      'relatives',
      { method: 'fqn', value: 'orders', parents: true, parents_depth: 1 },
      ['countries', 'int_sessions', 'orders'],
    ],
    [
      'children without end',
      { method: 'fqn', value: 'int_sessions', children: true },
      ['board', 'int_sessions', 'orders', 'orders_in_countries', 'sessions_daily', 'unique_orders'],
    ],
    [
      'a union without something',
      { union: [{ tag: 'nightly' }, 'countries', { exclude: ['stg_users'] }] },
      ['countries', 'stg_events'],
    ],
    ['an intersection', { intersection: [{ tag: 'nightly' }, { tag: 'people' }] }, ['stg_users']],
    [
      'a method with an exclusion',
      {
        method: 'fqn',
        value: 'staging',
        exclude: [{ tag: 'people' }, { method: 'resource_type', value: 'test' }],
      },
      ['stg_events'],
    ],
    ['values that are no text', { method: 'config.meta.pii', value: true }, ['orders']],
  ])('%s', (_, definition, nodes) => {
    expect(selected(definition)).toEqual(nodes)
  })

  it('may name each other, and be named on the command line beside others', () => {
    const nightly = { tag: 'nightly' }
    const within = { union: ['countries', { method: 'selector', value: 'nightly' }] }
    expect(selected(within, { nightly })).toEqual(['countries', 'stg_events', 'stg_users'])
    expect(selected(nightly, {}, ['selector:wanted,tag:people', 'countries'])).toEqual([
      'countries',
      'stg_users',
    ])
  })

  it('are what a command without a selection means when one says so', () => {
    const wanted: SelectorInfo = { name: 'wanted', description: '', definition: 'stg_users', isDefault: true }
    const manifest = { ...sampleManifest, selectors: { wanted } }
    const ids = (text?: string) =>
      select(manifest, { ...(text && { select: [text] }), indirectSelection: 'empty' }).nodeIds
    expect(ids()).toEqual(['model.shop.stg_users'])
    expect(ids('countries')).toEqual(['seed.shop.countries'])
  })

  it.each<[unknown, string]>([
    [{ union: 'stg_users' }, 'union must be a list'],
    [{ union: ['a'], tag: 'b' }, "'tag' cannot stand beside union"],
    [{ union: [{ exclude: ['a'] }, { exclude: ['b'] }] }, 'union has more than one exclude'],
    [{ method: 'tag' }, 'a definition has method and value, or is one method with its value'],
    [{ method: 'tag', value: 'a', parent: true }, "'parent' is not known"],
    [{ method: 'tag', value: 'a', indirect_selection: 'some' }, "indirect_selection must be 'eager'"],
    [7, 'a definition is text or a mapping, not 7'],
  ])('%j is refused', (definition, message) => {
    expect(refusal(definition)).toContain(`selector 'wanted' of selectors.yml: ${message}`)
  })

  it('refuse unknown methods and selectors, and one that means itself', () => {
    expect(refusal({ tagg: 'a' })).toContain("unknown method 'tagg'")
    expect(refusal({ method: 'selector', value: 'wante' })).toBe("there is no selector 'wante'")
    expect(refusal('selector:x')).toContain("unknown method 'selector'")
    const other = { union: [{ method: 'selector', value: 'wanted' }] }
    expect(refusal({ method: 'selector', value: 'other' }, { other })).toContain('it means itself')
  })
})
