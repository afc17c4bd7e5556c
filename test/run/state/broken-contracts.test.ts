import { describe, expect, it } from 'vitest'
import { brokenContracts } from '../../../src/run/state/broken-contracts.ts'
import type { Entry } from '../../../src/run/state/entry-values.ts'

const check = { type: 'check', name: 'positive', expression: 'id > 0', columns: [] }
const notNull = { type: 'not_null', name: null, expression: null, columns: [] }
const column = (name: string, type: string, ...constraints: Entry[]) => ({
  [name]: { name, data_type: type, constraints },
})

const orders: Entry = {
  resource_type: 'model',
  name: 'orders',
  original_file_path: 'models/orders.sql',
  config: { materialized: 'table' },
  contract: { enforced: true },
  columns: { ...column('id', 'numeric(10,2)', notNull), ...column('at', 'date') },
  constraints: [check],
  version: null,
}

/** What breaks when orders become `now`. */
function breaks(now: Entry | null, before: Entry = orders, disabled = false): readonly string[] {
  const broken = brokenContracts([['model.shop.orders', before]], {
    entryOf: () => now,
    isDisabled: () => disabled,
    now: new Date('2026-06-01T00:00:00Z'),
  })
  return broken.flatMap((contract) => contract.breaks)
}

describe('brokenContracts', () => {
  it('finds none where everything that was promised still holds', () => {
    expect(breaks(orders)).toEqual([])
    const more = { ...(orders['columns'] as Entry), ...column('note', 'text') }
    const longer = { ...more, ...column('id', 'NUMERIC(20,2)', notNull, { ...notNull, type: 'unique' }) }
    expect(breaks({ ...orders, columns: longer, constraints: [check, { type: 'primary_key' }] })).toEqual([])
  })

  it('looks at no contract that was not enforced', () => {
    const before = { ...orders, contract: { enforced: false } }
    expect(breaks({ ...orders, columns: {} }, before)).toEqual([])
    expect(breaks(null, before)).toEqual([])
    expect(breaks(null, { ...orders, resource_type: 'seed' })).toEqual([])
  })

  it('finds columns that are gone or of another type, and a contract that is no longer enforced', () => {
    const fewer = { ...orders, columns: column('id', 'bigint', notNull) }
    expect(breaks(fewer)).toEqual(['column id was numeric(10,2) and is bigint', 'column at was removed'])
    expect(breaks({ ...orders, contract: { enforced: false } })).toEqual([
      'its contract is no longer enforced',
    ])
  })

  it('finds constraints that are gone where the server had enforced them', () => {
    const columns = { ...(orders['columns'] as Entry), ...column('id', 'numeric') }
    expect(breaks({ ...orders, columns, constraints: [{ ...check, expression: 'id > 1' }] })).toEqual([
      'constraint not_null of column id was removed',
      'constraint positive was removed',
    ])
    const view = { config: { materialized: 'view' } }
    expect(breaks({ ...orders, ...view })).toEqual(['it was a table with constraints and is a view'])
    expect(breaks({ ...orders, ...view, columns, constraints: [] }, { ...orders, ...view })).toEqual([])
  })

  it('finds models that are gone, unless that had been announced', () => {
    expect(breaks(null)).toEqual(['it was removed or renamed'])
    expect(breaks(null, orders, true)).toEqual(['it was switched off'])
    expect(breaks(null, { ...orders, deprecation_date: '2026-01-01T00:00:00+00:00' })).toEqual([])
    expect(breaks(null, { ...orders, deprecation_date: '2027-01-01T00:00:00+00:00' })).toHaveLength(1)
  })

  it('says which model it is, and whether it has versions', () => {
    const current = { entryOf: () => null, isDisabled: () => false, now: new Date(0) }
    const [first, second] = brokenContracts(
      [
        ['model.shop.orders', orders],
        ['model.shop.orders.v2', { ...orders, version: 2 }],
      ],
      current,
    )
    expect(first).toMatchObject({ model: 'orders', isVersioned: false, file: 'models/orders.sql' })
    expect(second).toMatchObject({ model: 'orders.v2', isVersioned: true })
  })
})
