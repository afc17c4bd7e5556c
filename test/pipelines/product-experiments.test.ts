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

/** Orders, revenue and plays in both arms, summed over the exposed users of whom `keep` says so. */
function potentialOf(data: Rows, experiment: string, keep: (userId: number) => boolean = () => true) {
  const sum = { orders: [0, 0], revenue: [0, 0], plays: [0, 0] }
  for (const [id, userId, ...outcomes] of data['truth.potential_outcomes']!) {
    if (id !== experiment || !keep(userId as number)) continue
    for (const arm of [0, 1])
      for (const [place, name] of (['orders', 'revenue', 'plays'] as const).entries())
        sum[name][arm]! += outcomes[3 * arm + place] as number
  }
  return sum
}

/** How many times as much there is in the treatment arm as in the control arm. */
const ratio = ([control, treatment]: readonly number[]) => treatment! / control!

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
      const [orders, revenue] = outcomes.slice(variantOf.get(userId as number) === 'treatment' ? 3 : 0)
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
    // As high as the lift is low, so that carts are as likely to be bought in both worlds but for the treatment.
    const untreated = collectWorld({ ...smallWorld, one_tap_lift: 0 })
    const story = (data: Rows) =>
      eventsOf(data)
        .filter(({ name }) => name !== 'purchase')
        .map(({ userId, time, name, item, device }) => [userId, time, name, item, device].join())
    // The treated world fills its events a little earlier. Autoplay is treated in both.
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
      effects.find((row) => row[1] === metric && row[2] === scale)?.[5]
    expect(value('revenue_per_user', 'relative')).toBe(0.12)
    expect(value('orders_per_user', 'relative')).toBe(0.12)
    expect(value('sessions_per_user', 'relative')).toBe(0)
    expect(value('sessions_per_user', 'absolute')).toBe(0)
    expect(value('revenue_per_user', 'absolute')).toBeUndefined()
  })
})

describe('experiments that run at once', () => {
  // One world with enough users for what is rare; ten months' worth of the small one.
  const large = collectWorld({ ...smallWorld, events: 400_000, seed: 11 })
  const deviceOf = new Map(large['product.users']!.map((row) => [row[0] as number, row[4] as string]))
  const countryOf = new Map(large['product.users']!.map((row) => [row[0] as number, row[3] as string]))
  const armsOf = (experiment: string, keep: (userId: number) => boolean = () => true) => {
    const units = unitsOf(large, experiment).filter(({ userId }) => keep(userId))
    return {
      units: units.length,
      share: units.filter(({ variant }) => variant === 'treatment').length / units.length,
    }
  }
  const near = (found: number, expected: number, stdError: number) =>
    expect(Math.abs(found - expected)).toBeLessThan(4.5 * stdError)

  it('share their users, and each arm of one is spread alike over the arms of another', () => {
    const oneTap = new Map(unitsOf(large, 'one_tap_checkout').map(({ userId, variant }) => [userId, variant]))
    const both = unitsOf(large, 'autoplay_next').filter(({ userId }) => oneTap.has(userId))
    expect(both.length).toBeGreaterThan(1500)
    const agree = both.filter(({ userId, variant }) => oneTap.get(userId) === variant).length / both.length
    near(agree, 0.5, 0.5 / Math.sqrt(both.length))
  })

  it('split their users as planned: by halves, by a tenth, and by country', () => {
    const { units, share } = armsOf('related_titles')
    near(share, 0.1, 0.3 / Math.sqrt(units))
    const rich = armsOf('local_prices', (userId) =>
      ['US', 'GB', 'DE', 'JP', 'FR', 'CA'].includes(countryOf.get(userId)!),
    )
    const poor = armsOf('local_prices', (userId) => ['IN', 'BR', 'MX', 'NG'].includes(countryOf.get(userId)!))
    near(rich.share, 0.5, 0.5 / Math.sqrt(rich.units))
    near(poor.share, 0.2, 0.4 / Math.sqrt(poor.units))
    for (const [experiment, country, treated] of large['product.allocations']!)
      if (experiment === 'local_prices') expect([0.5, 0.2]).toContain(treated)
      else expect(treated, `${experiment} ${country}`).toBe(experiment === 'related_titles' ? 0.1 : 0.5)
  })

  it('lose busy phone users of one treatment before they are on record', () => {
    const phone = (userId: number) => deviceOf.get(userId) === 'phone'
    const onPhones = armsOf('search_ranking', phone)
    expect(onPhones.share).toBeLessThan(0.5 - 5 * (0.5 / Math.sqrt(onPhones.units)))
    const elsewhere = armsOf('search_ranking', (userId) => !phone(userId))
    near(elsewhere.share, 0.5, 0.5 / Math.sqrt(elsewhere.units))
    // Nobody is lost to the truth, and it is zero.
    const { orders, plays } = potentialOf(large, 'search_ranking')
    expect(orders[1]).toBe(orders[0])
    expect(plays[1]).toBe(plays[0])
  })

  it('move what they are made to move, by as much as is written down, and nothing else', () => {
    for (const [experiment, lift] of [
      ['local_prices', 0.08],
      ['related_titles', 0.06],
      ['autoplay_next', 0.1],
    ] as const) {
      const { orders, plays } = potentialOf(large, experiment)
      const [moved, still] = experiment === 'local_prices' ? [orders, plays] : [plays, orders]
      near(ratio(moved) - 1, lift, Math.sqrt(lift / moved[0]!))
      expect(still[1]).toBe(still[0])
    }
  })

  it('help some and hurt others', () => {
    for (const [device, lift] of [
      ['phone', 0.14],
      ['desktop', -0.12],
    ] as const) {
      const { orders } = potentialOf(large, 'big_cart_button', (userId) => deviceOf.get(userId) === device)
      near(ratio(orders) - 1, lift, Math.sqrt(Math.abs(lift) / orders[0]!))
    }
    expect(
      large['truth.effects']!.filter(
        (row) => row[0] === 'big_cart_button' && row[1] === 'orders_per_user',
      ).map((row) => row.slice(3, 6)),
    ).toEqual([
      ['device_type', 'phone', 0.14],
      ['device_type', 'tablet', 0.05],
      ['device_type', 'desktop', -0.12],
      ['device_type', 'tv', 0],
    ])
  })

  it('wear off where they were a novelty', () => {
    const effects = large['truth.effects']!.filter(
      (row) => row[0] === 'daily_streaks' && row[3] === 'days_since_exposure',
    )
    expect(effects[0]!.slice(1, 6)).toEqual(['plays_per_user', 'relative', 'days_since_exposure', '0', 0.35])
    expect(Number(effects[6]![5])).toBeCloseTo(0.35 / Math.E, 12)
    const exposedAt = new Map(unitsOf(large, 'daily_streaks').map((unit) => [unit.userId, unit]))
    const plays = { early: [0, 0], late: [0, 0] }
    for (const { userId, time, name } of eventsOf(large)) {
      const unit = exposedAt.get(userId)
      if (!unit || name !== 'play' || time < unit.exposedAt) continue
      const days = (time - unit.exposedAt) / 86_400e6
      const arm = unit.variant === 'treatment' ? 1 : 0
      if (days < 4) plays.early[arm]!++
      else if (days >= 14) plays.late[arm]!++
    }
    const users = [...exposedAt.values()].filter(({ variant }) => variant === 'treatment').length
    const perUser = ([control, treatment]: readonly number[]) =>
      treatment! / users / (control! / (exposedAt.size - users))
    expect(perUser(plays.early)).toBeGreaterThan(1.12)
    expect(Math.abs(perUser(plays.late) - 1)).toBeLessThan(0.12)
  })

  it('leave a roll-out whose effect is known where it came, and only there', () => {
    expect(large['product.rollouts']!.map(([, country]) => country)).toEqual(['BR', 'GB', 'DE', 'FR', 'MX'])
    const { orders, plays } = potentialOf(large, 'express_delivery')
    near(ratio(orders) - 1, 0.1, Math.sqrt(0.1 / orders[0]!))
    expect(plays).toEqual([0, 0])
    for (const [id, userId] of large['truth.potential_outcomes']!)
      if (id === 'express_delivery')
        expect(['BR', 'GB', 'DE', 'FR', 'MX']).toContain(countryOf.get(userId as number))
  })
})
