import { describe, expect, it } from 'vitest'
import { callsChangedMacro } from '../../../src/run/state/changed-macros.ts'
import { contractBreaks } from '../../../src/run/state/compare-contract.ts'
import { compareEntries } from '../../../src/run/state/compare-entries.ts'
import type { Entry } from '../../../src/run/state/entry-values.ts'

const model: Entry = {
  resource_type: 'model',
  fqn: ['shop', 'orders'],
  raw_code: 'select 1',
  description: 'Orders.',
  access: 'protected',
  columns: { id: { name: 'id', description: 'The key.', data_type: 'int', constraints: [] } },
  config: { materialized: 'table', schema: 'marts', persist_docs: {} },
  unrendered_config: { materialized: 'table', schema: '{{ var("s") }}' },
  contract: { enforced: false, checksum: null },
  constraints: [],
}

/** What differs between a node as it was and with something changed. */
function changes(base: Entry, change: Entry, before: Entry = base): string[] {
  const { isModified, changes: sides } = compareEntries({ ...base, ...change }, before, false)
  return [...(isModified ? ['modified'] : []), ...sides].sort()
}

describe('a model', () => {
  it('is what it was in spite of line ends, targets, and words that nobody reads', () => {
    expect(changes(model, {})).toEqual([])
    expect(changes(model, { raw_code: 'select 1\r\n' })).toEqual([])
    expect(changes(model, { schema: 'dev_marts', created_at: 7, description: 'All orders.' })).toEqual([])
    expect(changes(model, { config: { ...(model['config'] as Entry), schema: 'dev' } })).toEqual([])
    expect(changes(model, { config: { ...(model['config'] as Entry), tags: ['new'] } })).toEqual([])
  })

  it('is another with other SQL, config, name or place', () => {
    expect(changes(model, { raw_code: 'select 2' })).toEqual(['body', 'modified'])
    const view = {
      config: { ...(model['config'] as Entry), materialized: 'view' },
      unrendered_config: { materialized: 'view', schema: '{{ var("s") }}' },
    }
    expect(changes(model, view)).toEqual(['configs', 'modified'])
    const elsewhere = {
      config: { ...(model['config'] as Entry), schema: 'sales' },
      unrendered_config: { materialized: 'table', schema: 'sales' },
    }
    expect(changes(model, elsewhere)).toEqual(['modified', 'relation'])
    expect(changes(model, { fqn: ['shop', 'marts', 'orders'] })).toEqual(['modified'])
    expect(changes(model, { access: 'public' })).toEqual(['modified'])
  })

  it('has the same config where one manifest knows what was written and the other what came of it', () => {
    const rendered = { unrendered_config: { materialized: 'table', schema: 'marts' } }
    expect(changes(model, rendered)).toEqual([])
    const hooks = {
      config: { ...(model['config'] as Entry), 'post-hook': [{ sql: 'analyze', transaction: true }] },
    }
    const before = { ...model, ...hooks, unrendered_config: { 'post-hook': 'analyze' } }
    expect(changes(model, { ...hooks, unrendered_config: { post_hook: ['analyze'] } }, before)).toEqual([])
  })

  it('has other descriptions where they are written into the database', () => {
    const persisted = {
      ...model,
      config: { ...(model['config'] as Entry), persist_docs: { relation: true } },
    }
    expect(changes(persisted, { description: 'All orders.' })).toEqual(['modified', 'persisted_descriptions'])
    expect(changes(persisted, { description: 'Orders.\n' })).toEqual([])
    expect(changes(persisted, { columns: {} })).toEqual([])
  })

  it('promises something else when an enforced contract does', () => {
    const enforced = { ...model, contract: { enforced: true } }
    expect(changes(enforced, {}, model)).toEqual(['contract', 'modified'])
    const wider = { columns: { id: { name: 'id', data_type: 'bigint' } } }
    expect(changes(enforced, wider)).toEqual(['contract', 'modified'])
    expect(changes(model, wider)).toEqual([])
    expect(contractBreaks({ ...enforced, ...wider }, enforced)).toEqual(['column id was int and is bigint'])
    expect(contractBreaks({ ...enforced, columns: {} }, enforced)).toEqual(['column id was removed'])
    expect(contractBreaks({ ...model, ...wider }, model)).toEqual([])
  })

  it('is new with every side that it has', () => {
    const { isNew, isModified, changes: sides } = compareEntries(model, null, false)
    expect({ isNew, isModified }).toEqual({ isNew: true, isModified: true })
    expect([...sides].sort()).toEqual(['body', 'configs', 'contract', 'persisted_descriptions', 'relation'])
  })
})

describe('other kinds', () => {
  it('a seed is another with other rows; dbt knows a large one by its path', () => {
    const seed = (checksum: Entry) => ({
      resource_type: 'seed',
      original_file_path: 'seeds/a.csv',
      fqn: ['shop', 'a'],
      checksum,
    })
    const hashed = seed({ name: 'sha256', checksum: 'aa' })
    expect(changes(hashed, {}, seed({ name: 'sha256', checksum: 'bb' }))).toEqual(['body', 'modified'])
    expect(changes(hashed, {}, seed({ name: 'path', checksum: 'seeds/a.csv' }))).toEqual([])
    expect(changes(hashed, {}, seed({ name: 'path', checksum: 'seeds/b.csv' }))).toEqual(['body', 'modified'])
  })

  it('a test is another with other limits, and no other with other tags', () => {
    const test: Entry = {
      resource_type: 'test',
      fqn: ['shop', 'unique_a'],
      test_metadata: { name: 'unique' },
      raw_code: '{{ test_unique(**kwargs) }}',
      config: { severity: 'ERROR' },
      unrendered_config: {},
    }
    expect(
      changes(test, { raw_code: '{{ test_unique() }}', config: { severity: 'error', tags: ['a'] } }),
    ).toEqual([])
    const warned = { config: { severity: 'warn' }, unrendered_config: { severity: 'warn' } }
    expect(changes(test, warned)).toContain('configs')
  })

  it('a source is another in another place or with another freshness', () => {
    const source: Entry = {
      resource_type: 'source',
      fqn: ['shop', 'app', 'users'],
      database: 'dev',
      schema: 'app',
      identifier: 'users',
      quoting: { database: null },
      freshness: { warn_after: { count: null, period: null }, filter: null },
      config: {},
      unrendered_config: {},
    }
    expect(changes(source, { database: 'prod', quoting: {}, freshness: null, description: 'x' })).toEqual([])
    expect(changes(source, { schema: 'app2' })).toEqual(['modified', 'relation'])
    expect(changes(source, { freshness: { warn_after: { count: 1, period: 'day' } } })).toEqual(['modified'])
  })

  it('a unit test is another with other rows, whichever way they are written', () => {
    const unit: Entry = {
      resource_type: 'unit_test',
      model: 'orders',
      given: [{ input: "ref('a')", rows: [{ id: 1 }], format: 'dict' }],
      expect: { rows: [{ n: null }], format: 'dict' },
      overrides: null,
    }
    const asCsv = [{ input: "ref('a')", rows: [{ id: '1' }], format: 'csv' }]
    expect(changes(unit, { given: asCsv, overrides: { macros: {} }, checksum: 'x' })).toEqual([])
    expect(changes(unit, { expect: { rows: [{ n: 2 }] } })).toEqual(['modified'])
  })

  it('an exposure is another with another owner, description or parent', () => {
    const exposure: Entry = {
      resource_type: 'exposure',
      owner: { name: 'Ann', email: null },
      depends_on: { nodes: ['a', 'b'] },
    }
    expect(changes(exposure, { depends_on: { nodes: ['b', 'a'] }, owner: { name: 'Ann' } })).toEqual([])
    expect(changes(exposure, { depends_on: { nodes: ['a'] } })).toEqual(['modified'])
    expect(changes(exposure, { owner: { name: 'Bob' } })).toEqual(['modified'])
  })
})

describe('callsChangedMacro', () => {
  const macro = (sql: string, ...calls: string[]) => ({ macro_sql: sql, depends_on: { macros: calls } })
  const current = {
    'macro.shop.cents': macro('cents', 'macro.shop.round', 'macro.dbt.cast'),
    'macro.shop.round': macro('round', 'macro.shop.cents'),
    'macro.shop.other': macro('other'),
    'macro.dbt.cast': macro('ours'),
  }
  const node = (id: string) => ({ depends_on: { macros: [id] } })

  it('follows calls, also in a circle, and leaves out what comes with the program', () => {
    const calls = callsChangedMacro({ current, previous: { ...current, 'macro.dbt.cast': macro('theirs') } })
    expect(calls(node('macro.shop.cents'))).toBe(false)
    const previous = { ...current, 'macro.shop.round': macro('rounded') }
    const changed = callsChangedMacro({ current, previous })
    expect(changed(node('macro.shop.cents'))).toBe(true)
    expect(changed(node('macro.shop.other'))).toBe(false)
  })

  it('takes a macro that was not there for changed', () => {
    const { 'macro.shop.other': _, ...previous } = current
    expect(callsChangedMacro({ current, previous })(node('macro.shop.other'))).toBe(true)
  })
})
