import { describe, expect, it } from 'vitest'
import type { Rows } from './collect-tables.ts'
import { collectWorld, eventsOf, smallWorld } from './collect-world.ts'

const oneTapStart = (Date.UTC(2026, 1, 1) / 1000 + 108 * 86_400) * 1e6
const rows = collectWorld(smallWorld)

interface Unit {
  readonly userId: number
  readonly variant: string
  readonly exposedAt: number
}

function unitsOf(data: Rows, experiment: string): Unit[] {
  return data['product.assignments']!.filter(([id]) => id === experiment).map(
    ([, userId, variant, exposedAt]) => ({
      userId: userId as number,
      variant: variant as string,
      exposedAt: exposedAt as number,
    }),
  )
}

/** Orders and revenue in both arms, summed over the exposed users. */
function potentialOf(data: Rows, experiment: string) {
  const sum = { orders: [0, 0], revenue: [0, 0] }
  for (const [id, , orders0, revenue0, orders1, revenue1] of data['truth.potential_outcomes']!) {
    if (id !== experiment) continue
    sum.orders[0]! += orders0 as number
    sum.orders[1]! += orders1 as number
    sum.revenue[0]! += revenue0 as number
    sum.revenue[1]! += revenue1 as number
  }
  return sum
}

describe('assignment', () => {
  it('gives an exposed user one arm, on every event from the exposure on', () => {
    for (const experiment of ['player_telemetry_aa', 'one_tap_checkout']) {
      const units = new Map(unitsOf(rows, experiment).map((unit) => [unit.userId, unit]))
      const first = new Map<number, number>()
      for (const event of eventsOf(rows).filter((row) => row.experiment === experiment)) {
        expect(event.variant).toBe(units.get(event.userId)!.variant)
        if (!first.has(event.userId)) first.set(event.userId, event.time)
      }
      expect(first.size).toBe(units.size)
      for (const [userId, time] of first) expect(time).toBe(units.get(userId)!.exposedAt)
    }
  })

  it('halves the users, independently between experiments', () => {
    const arms = (experiment: string) =>
      new Map(unitsOf(rows, experiment).map(({ userId, variant }) => [userId, variant === 'treatment']))
    const [aa, oneTap] = [arms('player_telemetry_aa'), arms('one_tap_checkout')]
    const share = (map: Map<number, boolean>) => [...map.values()].filter(Boolean).length / map.size
    // Five standard errors.
    expect(Math.abs(share(aa) - 0.5)).toBeLessThan(2.5 / Math.sqrt(aa.size))
    expect(Math.abs(share(oneTap) - 0.5)).toBeLessThan(2.5 / Math.sqrt(oneTap.size))
    const both = [...aa].filter(([userId]) => oneTap.has(userId))
    const agree = both.filter(([userId, arm]) => oneTap.get(userId) === arm).length / both.length
    expect(Math.abs(agree - 0.5)).toBeLessThan(2.5 / Math.sqrt(both.length))
  })
})

describe('the truth', () => {
  it('is what the arm that was seen shows', () => {
    const observed = new Map<number, { orders: number; revenue: number }>()
    for (const event of eventsOf(rows)) {
      if (event.experiment !== 'one_tap_checkout' || event.name !== 'purchase') continue
      const sum = observed.get(event.userId) ?? { orders: 0, revenue: 0 }
      observed.set(event.userId, { orders: sum.orders + 1, revenue: sum.revenue + event.revenueCents! })
    }
    const variantOf = new Map(
      unitsOf(rows, 'one_tap_checkout').map(({ userId, variant }) => [userId, variant]),
    )
    for (const [id, userId, ...outcomes] of rows['truth.potential_outcomes']!) {
      if (id !== 'one_tap_checkout') continue
      const [orders, revenue] = outcomes.slice(variantOf.get(userId as number) === 'treatment' ? 2 : 0)
      expect(observed.get(userId as number) ?? { orders: 0, revenue: 0 }).toEqual({ orders, revenue })
    }
  })

  it('is a lift of orders and revenue by the declared factor, and by nothing in the A/A test', () => {
    for (const lift of [0.12, 0.5, -0.2, 0]) {
      let extraOrders = 0
      let orders = 0
      for (let seed = 1; seed <= 3; seed++) {
        const data = collectWorld({ ...smallWorld, seed, one_tap_lift: lift })
        const { orders: found, revenue } = potentialOf(data, 'one_tap_checkout')
        orders += found[0]!
        extraOrders += found[1]! - found[0]!
        expect(Math.sign(revenue[1]! - revenue[0]!)).toBe(Math.sign(lift))
        const aa = potentialOf(data, 'player_telemetry_aa')
        expect(aa.orders[1]).toBe(aa.orders[0])
        expect(aa.revenue[1]).toBe(aa.revenue[0])
      }
      // The extra orders are about Poisson: four standard errors.
      const stdError = Math.sqrt(Math.abs(lift) / orders)
      expect(Math.abs(extraOrders / orders - lift)).toBeLessThanOrEqual(4 * stdError)
    }
  })

  it('changes nothing but purchases: with and without the treatment all other events are the same', () => {
    const untreated = collectWorld({ ...smallWorld, one_tap_lift: 0 })
    const story = (data: Rows) =>
      eventsOf(data)
        .filter(({ name }) => name !== 'purchase')
        .map(({ userId, time, name, item, device }) => [userId, time, name, item, device].join())
    // The treated world fills its events a little earlier.
    const [treatedStory, untreatedStory] = [story(rows), story(untreated)]
    const shared = Math.min(treatedStory.length, untreatedStory.length)
    expect(shared).toBeGreaterThan(50_000)
    expect(treatedStory.slice(0, shared)).toEqual(untreatedStory.slice(0, shared))
  })

  it('starts with the experiment', () => {
    for (const unit of unitsOf(rows, 'one_tap_checkout'))
      expect(unit.exposedAt).toBeGreaterThanOrEqual(oneTapStart)
  })

  it('is written down for every metric that the analysis names', () => {
    const effects = rows['truth.effects']!.filter(([experiment]) => experiment === 'one_tap_checkout')
    const value = (metric: string, scale: string) =>
      effects.find((row) => row[1] === metric && row[2] === scale)?.[3]
    expect(value('revenue_per_user', 'relative')).toBe(0.12)
    expect(value('orders_per_user', 'relative')).toBe(0.12)
    expect(value('sessions_per_user', 'relative')).toBe(0)
    expect(value('sessions_per_user', 'absolute')).toBe(0)
    expect(value('revenue_per_user', 'absolute')).toBeUndefined()
  })
})
