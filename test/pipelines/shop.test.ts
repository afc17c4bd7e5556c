import { describe, expect, it } from 'vitest'
import { categories } from '../../pipelines/shop/catalogue.ts'
import { conversionLaw, conversionOf } from '../../pipelines/shop/conversion.ts'
import { misspelledCategory } from '../../pipelines/shop/dirt.ts'
import type { ShopParams } from '../../pipelines/shop/params.ts'
import world from '../../pipelines/shop/world.ts'
import { makeRandom } from '../../src/stats/random/philox.ts'
import { collectTables, declaredLoad, digestTables, type Rows, type Value } from './collect-tables.ts'

const load = declaredLoad('shop.yml')
const params = { ...(load.params as unknown as ShopParams), shop_customers: 900 }
const clean = collectTables(world, load, { ...params, shop_dirt: 0 })
const rows = collectTables(world, load, params)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

type Row = Record<string, Value>

/** A table's rows by name of column. */
function table(name: string, from: Rows): Row[] {
  const [schema, identifier] = name.split('.')
  const declared = load.tables.find((entry) => entry.schema === schema && entry.name === identifier)!
  return from[name]!.map((row) =>
    Object.fromEntries(declared.columns.map((column, index) => [column.name, row[index]!])),
  )
}

const truth = new Map(table('truth.shop_sessions', clean).map((row) => [row.session_id, row]))
const ordered = new Set(table('shop.orders', clean).map(({ session_id }) => session_id))
const sessions = table('shop.sessions', clean).map(
  (row): Row & { ordered: boolean; probability: number } => ({
    ...row,
    ordered: ordered.has(row.session_id!),
    probability: Number(truth.get(row.session_id!)!.probability),
  }),
)
const prices = new Map(
  table('shop.products', clean).map(({ product_id, price_cents }) => [product_id, Number(price_cents)]),
)
const focus = new Map<Value, Value>()
for (const { session_id, event_name, product_id } of table('shop.events', clean))
  if (event_name === 'view') focus.set(session_id!, product_id!)

describe('the shop world', () => {
  it('is whole: events and orders belong to sessions, sessions to customers, and a purchase to an order', () => {
    const customers = new Set(table('shop.customers', clean).map(({ customer_id }) => customer_id))
    expect(customers.size).toBe(900)
    expect(sessions.every(({ customer_id }) => customers.has(customer_id!))).toBe(true)
    const events = table('shop.events', clean)
    const known = new Set(sessions.map(({ session_id }) => session_id))
    expect(events.every(({ session_id }) => known.has(session_id!))).toBe(true)
    const bought = events
      .filter(({ event_name }) => event_name === 'purchase')
      .map(({ session_id }) => session_id)
    expect(new Set(bought)).toEqual(ordered)
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(events.length)
    for (const { order_id, product_id, quantity, amount_cents } of table('shop.orders', clean)) {
      expect(product_id).toBe(focus.get(order_id!))
      expect(amount_cents).toBe(prices.get(product_id!)! * Number(quantity))
    }
  })

  it('sells as often as its law says, and the law separates who buys', () => {
    const share = mean(sessions.map((row) => (row.ordered ? 1 : 0)))
    const expected = mean(sessions.map(({ probability }) => probability))
    const stdError = Math.sqrt(mean(sessions.map(({ probability: p }) => p * (1 - p))) / sessions.length)
    expect(Math.abs(share - expected)).toBeLessThan(4 * stdError)
    expect(Math.abs(share - 0.25)).toBeLessThan(0.03)
    const buyers = sessions.filter((row) => row.ordered)
    const others = sessions.filter((row) => !row.ordered)
    const wins = buyers.map(({ probability }) =>
      mean(others.map((row) => (row.probability < probability ? 1 : 0))),
    )
    expect(Math.abs(mean(wins) - 0.88)).toBeLessThan(0.02)
  })

  it('is made by duration, page views, price, hour and country as declared', () => {
    for (const row of sessions.slice(0, 500)) {
      const country = ['US', 'DE', 'GB', 'BR', 'IN'].indexOf(String(row.country))
      const at = (hour: number) =>
        conversionOf(
          {
            durationSeconds: Number(row.duration_seconds),
            pageViews: Number(row.page_views),
            priceCents: prices.get(focus.get(row.session_id!)!)!,
            hour,
            country,
          },
          params.shop_price_threshold,
        )
      const possible = [at(3), at(12), at(20)]
      expect(possible.some((value) => Math.abs(value - row.probability) < 1e-12)).toBe(true)
    }
    expect(rows['truth.shop_law']!.slice(0, 2)).toEqual([
      ['intercept', conversionLaw.intercept],
      ['log_minutes', conversionLaw.log_minutes],
    ])
    expect(rows['truth.shop_law']).toContainEqual(['threshold_cents', 12460])
  })

  it('breaks at the threshold of price', () => {
    const facts = { durationSeconds: 240, pageViews: 5, hour: 12, country: 0 }
    const below = conversionOf({ ...facts, priceCents: 12460 }, 12460)
    const above = conversionOf({ ...facts, priceCents: 12461 }, 12460)
    expect(Math.log(below / (1 - below)) - Math.log(above / (1 - above))).toBeCloseTo(2.1, 3)
  })

  it('has a new channel from the day of the drift on, whose people only look', () => {
    const start = Date.UTC(2026, 0, 5) * 1000
    const byVideo = sessions.filter(({ channel }) => channel === 'social_video')
    const days = byVideo.map(
      ({ session_id }) => (Number(truth.get(session_id!)!.started_at) - start) / 86_400e6,
    )
    expect(Math.min(...days)).toBeGreaterThan(89)
    const others = sessions.filter(({ channel }) => channel !== 'social_video')
    expect(mean(byVideo.map(({ page_views }) => Number(page_views)))).toBeLessThan(
      0.6 * mean(others.map(({ page_views }) => Number(page_views))),
    )
    expect(mean(byVideo.map((row) => (row.ordered ? 1 : 0)))).toBeLessThan(0.05)
  })

  it('writes times in three notations that mean the same instants', () => {
    const instant = (text: string) =>
      /^\d{10}$/.test(text) ? Number(text) * 1000 : Date.parse(text.replace(' ', 'T'))
    const kinds = new Set<string>()
    for (const { session_id, started_at, device } of sessions) {
      kinds.add(`${device} ${String(started_at).replaceAll(/\d+/g, '9')}`)
      expect(instant(String(started_at))).toBe(Number(truth.get(session_id!)!.started_at) / 1000)
    }
    expect([...kinds].sort()).toEqual([
      'desktop 9-9-9T9:9:9Z',
      'phone 9-9-9 9:9:9+9:9',
      'phone 9-9-9 9:9:9-9:9',
      'tablet 9',
    ])
  })
})

describe('the dirt of the shop world', () => {
  const dirt = table('truth.shop_dirt', rows)
  const count = (problem: string, name: string) =>
    dirt.filter((row) => row.problem === problem && row.table_name === name).length

  it('is not there when it is not asked for, and leaves the truth alone', () => {
    expect(clean['truth.shop_dirt']).toEqual([])
    expect(rows['truth.shop_sessions']).toEqual(clean['truth.shop_sessions'])
  })

  it('is recorded as often as it is found', () => {
    for (const name of ['events', 'orders'])
      expect(count('duplicate', name)).toBe(rows[`shop.${name}`]!.length - clean[`shop.${name}`]!.length)
    const found = (name: string, is: (row: Row) => boolean) => table(`shop.${name}`, rows).filter(is).length
    expect(count('missing_age', 'customers')).toBe(found('customers', ({ age }) => age === null))
    expect(count('impossible_age', 'customers')).toBe(
      found('customers', ({ age }) => age !== null && (Number(age) < 18 || Number(age) > 90)),
    )
    expect(count('missing_country', 'customers')).toBe(found('customers', ({ country }) => country === null))
    expect(count('missing_duration', 'sessions')).toBe(
      found('sessions', (row) => row.duration_seconds === null),
    )
    expect(count('impossible_duration', 'sessions')).toBe(
      found('sessions', (row) => Number(row.duration_seconds) < 0),
    )
    expect(count('missing_price', 'products')).toBe(found('products', (row) => row.price_cents === null))
    const names: readonly string[] = categories.map(({ name }) => name)
    expect(count('category_spelling', 'products')).toBe(
      found('products', ({ category }) => !names.includes(String(category))),
    )
    for (const problem of ['bad_time', 'local_time', 'missing_product'])
      expect(count(problem, 'events')).toBeGreaterThan(10)
  })

  it('keeps what would have stood there', () => {
    const days = new Map(table('shop.sessions', clean).map((row) => [row.session_id, row.duration_seconds]))
    for (const { row_id, true_value } of dirt.filter(({ column_name }) => column_name === 'duration_seconds'))
      expect(Number(true_value)).toBe(days.get(row_id!))
  })

  it('never spells two categories alike', () => {
    const random = makeRandom(1)
    const key = (text: string) =>
      text.trim().replace(/\.$/, '').toLowerCase().replaceAll('_', ' ').replace(' and ', ' & ')
    for (const { name } of categories)
      for (let turn = 0; turn < 40; turn++) {
        const spelled = misspelledCategory(random, name)
        expect(spelled).not.toBe(name)
        expect(key(spelled)).toBe(name.toLowerCase())
      }
  })
})

describe('the plan of the shop world', () => {
  it('gives the same rows in whatever order it is carried out, and for more customers', () => {
    const more = { ...params, shop_customers: 501 }
    const backwards = collectTables(world, load, more, [1, 0])
    expect(backwards['shop.customers']!.slice(1)).toEqual(rows['shop.customers']!.slice(0, 500))
    expect(digestTables(world, load, more, 0)).toBe(digestTables(world, load, params, 0))
  })

  it.each([
    [{ shop_customers: 0 }, /shop_customers must be a whole number from 1/],
    [{ shop_days: 1 }, /shop_days must be a whole number from 2/],
    [{ shop_start: '05.01.2026' }, /shop_start must be a date/],
    [{ shop_dirt: 6 }, /shop_dirt must be from 0 to 5/],
  ])('refuses %o', (change, message) => {
    expect(() => world.partitions({ ...params, ...change })).toThrow(message)
  })
})
