import { describe, expect, it } from 'vitest'
import { makeFingerprints } from '../../src/compile/fingerprint.ts'
import type { MacroInfo, Manifest } from '../../src/core/manifest.ts'
import type { ModelNode, NodeId } from '../../src/core/node.ts'
import { sampleManifest } from '../core/sample-manifest.ts'

describe('fingerprints of nodes', () => {
  const orders = 'model.shop.a'
  const summary = 'model.shop.b'

  function model(name: string, changes: Partial<ModelNode>): ModelNode {
    const [template] = Object.values(sampleManifest.nodes).filter((node) => node.resourceType === 'model')
    return {
      ...(template as ModelNode),
      id: `model.shop.${name}`,
      name,
      config: {},
      dependsOn: [],
      rawCode: '',
      ...changes,
    }
  }

  function macro(name: string, source: string): [string, MacroInfo] {
    return [name, { name, package: 'shop', path: 'macros/m.sql', source } as MacroInfo]
  }

  /** Two models, the second made from the first by a macro that calls another one. */
  function fingerprints(changes: {
    sql?: Record<NodeId, readonly string[]>
    a?: Partial<ModelNode>
    b?: Partial<ModelNode>
    macros?: Record<string, string>
  }) {
    const macros = { rate: '{{ safe(a) }}', safe: 'nullif(a, 0)', other: 'x', ...changes.macros }
    const manifest: Pick<Manifest, 'nodes' | 'macros'> = {
      nodes: {
        [orders]: model('a', { rawCode: 'select 1 as x', ...changes.a }),
        [summary]: model('b', { rawCode: 'select {{ rate ("x") }}', dependsOn: [orders], ...changes.b }),
      },
      macros: Object.fromEntries(Object.entries(macros).map(([name, source]) => macro(name, source))),
    }
    const sql: Record<NodeId, readonly string[]> = {
      [orders]: ['select 1 as x'],
      [summary]: ['select nullif(x, 0) from a'],
      ...changes.sql,
    }
    return makeFingerprints({ manifest, sqlOf: (id) => sql[id] ?? [], given: new Map() })
  }
  const base = () => fingerprints({})(summary)

  it('are the same for the same SQL however it is laid out', () => {
    const other = fingerprints({
      sql: { [summary]: ['select nullif( x,0 ) -- safe\nfrom a'] },
      b: { rawCode: 'select  {{ rate("x") }}' },
    })(summary)
    expect(other.whole).toBe(base().whole)
    expect(other.body).not.toBe(base().body)
  })

  it('change with the SQL of any way of running', () => {
    const sql = { [summary]: ['select nullif(x, 0) from a', 'select 2'] }
    expect(fingerprints({ sql })(summary).compiled).not.toBe(base().compiled)
  })

  it('name the macros that the template calls, and those that these call', () => {
    expect(Object.keys(base().macros)).toEqual(['rate', 'safe'])
    const changed = fingerprints({ macros: { safe: 'nullif(a, 1)' } })(summary)
    expect(changed.macros['rate']).toBe(base().macros['rate'])
    expect(changed.macros['safe']).not.toBe(base().macros['safe'])
  })

  it('change with config, but not with what only describes', () => {
    expect(fingerprints({ b: { config: { materialized: 'table' } } })(summary).whole).not.toBe(base().whole)
    expect(fingerprints({ b: { config: { tags: ['x'], meta: { owner: 'me' } } } })(summary).whole).toBe(
      base().whole,
    )
    const ordered = fingerprints({ b: { config: { a: 1, c: 2 } } })(summary)
    expect(fingerprints({ b: { config: { c: 2, a: 1 } } })(summary).config).toBe(ordered.config)
  })

  it('change with what is upstream', () => {
    const changed = fingerprints({ sql: { [orders]: ['select 2 as x'] } })(summary)
    expect(changed.upstream).not.toEqual(base().upstream)
    expect(changed.whole).not.toBe(base().whole)
    expect(changed.compiled).toBe(base().compiled)
  })

  describe('of incremental models', () => {
    const incremental: Partial<ModelNode> = { materialized: 'incremental' }
    const making = (changes: Parameters<typeof fingerprints>[0]) =>
      fingerprints({ ...changes, b: { ...incremental, ...changes.b } })(summary).making!

    it('tell what is written from what it comes to', () => {
      const before = making({})
      const laidOut = making({
        b: { rawCode: "{{ config(unique_key=['x']) }} {# why #}\nselect {{ rate('x') }} -- x" },
      })
      expect(laidOut.written).toBe(making({ b: { rawCode: "select {{rate('x')}}" } }).written)
      const otherVar = making({ sql: { [summary]: ['select nullif(x, 7) from a'] } })
      expect(otherVar.written).toBe(before.written)
      expect(otherVar.result).not.toBe(before.result)
    })

    it('change with the words of macros and of what they read, however far above', () => {
      const before = making({})
      expect(making({ macros: { safe: 'nullif(a, 1)' } }).written).not.toBe(before.written)
      expect(making({ macros: { safe: '{# why #} nullif(a,0)' } }).written).toBe(before.written)
      expect(making({ a: { rawCode: 'select 2 as x' } }).written).not.toBe(before.written)
      expect(making({ a: { rawCode: 'select 1 as x -- one' } }).written).toBe(before.written)
    })

    it('change with config that decides about rows', () => {
      const before = making({ b: { config: { unique_key: 'x' } } })
      expect(making({ b: { config: { unique_key: 'y' } } }).result).not.toBe(before.result)
      const beside = {
        unique_key: 'x',
        indexes: [],
        grants: {},
        on_schema_change: 'fail',
        begin: '2026-01-01',
      }
      expect(making({ b: { config: beside } })).toEqual(before)
    })

    it('are no concern of other nodes', () => {
      expect(base().making).toBeUndefined()
    })
  })
})
