import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countries } from '../../pipelines/product/population.ts'
import world from '../../pipelines/product/world.ts'
import { collectWorld, digestPartition, type EventRow, eventsOf, smallWorld } from './collect-world.ts'

const day = 86_400e6
const start = Date.UTC(2026, 1, 1) * 1000
const rows = collectWorld(smallWorld)
const events = eventsOf(rows)
const users = rows['product.users']!.map(([userId, signup, channel, country]) => ({
  userId: userId as number,
  signup: signup as number,
  channel: channel as string,
  country: country as string,
}))
const signupOf = new Map(users.map(({ userId, signup }) => [userId, signup]))
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function groupBy<Item, Key>(items: readonly Item[], key: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}

describe('the plan of the product world', () => {
  it('has the events that were asked for, at any size', () => {
    for (const count of [1, 999, 100_000, 100_001, 250_000, 1_000_000_000]) {
      const partitions = world.partitions({ ...smallWorld, events: count })
      expect(partitions.reduce((sum, partition) => sum + partition.events, 0)).toBe(count)
      partitions.forEach((partition, index) => {
        expect(partition.firstEvent).toBe(index === 0 ? 1 : partitions[index - 1]!.firstEvent + 100_000)
      })
    }
    expect(collectWorld({ ...smallWorld, events: 1000 })['product.events']).toHaveLength(1000)
  })

  it.each([
    [{ events: 0 }, /events must be a whole number from 1/],
    [{ events: 1e9 + 1 }, /events must be/],
    [{ seed: 1.5 }, /seed must be/],
    [{ start_date: 'yesterday' }, /start_date must be a date/],
    [{ one_tap_lift: -1 }, /one_tap_lift must be above -1/],
    [{ aa_days: 60 }, /A\/A test must end before/],
  ])('refuses %o', (change, message) => {
    expect(() => world.partitions({ ...smallWorld, ...change })).toThrow(message)
  })
})

describe('the same seed and size', () => {
  const params = { ...smallWorld, events: 205_000 }
  const inOrder = collectWorld(params)

  it('gives the same rows, in whatever order the partitions are made', () => {
    const shuffled = collectWorld(params, [2, 0, 1])
    for (const [table, expected] of Object.entries(inOrder)) {
      const byText = (list: unknown[]) => list.map((row) => JSON.stringify(row)).sort()
      expect(byText(shuffled[table]!), table).toEqual(byText(expected))
    }
  })

  it('gives the same bytes as when this was written', () => {
    expect(digestPartition(params, 0)).toBe(
      'e90d16320a675045c80e7eb3926fda7c90967f133dc50be2b1ea44b7e26a5aee',
    )
    expect(digestPartition(params, 1)).toBe(
      '264255d42cb3e3e6cf5bdaaf3e14dbb80d4b719531b8554906436ad927ec39ee',
    )
  })

  it('has unique events and users throughout', () => {
    const ids = inOrder['product.events']!.map(([id]) => id)
    expect(ids).toEqual(Array.from({ length: 205_000 }, (_, index) => index + 1))
    const userIds = inOrder['product.users']!.map(([id]) => id)
    expect(new Set(userIds).size).toBe(userIds.length)
  })

  it('gives other events for another seed', () => {
    expect(digestPartition({ ...params, seed: 8 }, 1)).not.toBe(digestPartition(params, 1))
  })
})

describe('events', () => {
  it('lie within the period, after sign-up and in order of time', () => {
    let last: EventRow | undefined
    for (const event of events) {
      expect(event.time).toBeGreaterThanOrEqual(Math.max(start, signupOf.get(event.userId)!))
      expect(event.time).toBeLessThan(start + smallWorld.days * day)
      if (last?.userId === event.userId) expect(event.time).toBeGreaterThan(last.time)
      last = event
    }
  })

  it('come in sessions of one user and one device, half an hour apart', () => {
    const sessions = [...groupBy(events, ({ sessionId }) => sessionId).values()]
    for (const session of sessions) {
      expect(session[0]!.eventId).toBe(session[0]!.sessionId)
      for (const key of ['userId', 'device', 'platform', 'geo'] as const)
        expect(new Set(session.map((event) => event[key])).size).toBe(1)
      for (let index = 1; index < session.length; index++)
        expect(session[index]!.time - session[index - 1]!.time).toBeLessThan(1800e6)
    }
    for (let index = 1; index < sessions.length; index++) {
      const [before, after] = [sessions[index - 1]!, sessions[index]!]
      if (before[0]!.userId === after[0]!.userId)
        expect(after[0]!.time - before.at(-1)!.time).toBeGreaterThan(1800e6)
    }
  })

  it('follow the funnel: a cart is of the item seen last, a purchase of what was just put into the cart', () => {
    let previous: EventRow | undefined
    for (const event of events) {
      if (event.name === 'add_to_cart') {
        expect(['view', 'like']).toContain(previous!.name)
        expect(event.item).toBe(previous!.item)
        expect(event.sessionId).toBe(previous!.sessionId)
        expect(event.priceCents).toBeGreaterThan(0)
      }
      if (event.name === 'purchase') {
        expect(previous!.name).toBe('add_to_cart')
        expect(event.item).toBe(previous!.item)
        expect([1, 2, 3]).toContain(event.revenueCents! / event.priceCents!)
      } else expect(event.revenueCents).toBeNull()
      if (event.name === 'search') expect(event.item).toBeNull()
      else expect(event.item).toBeGreaterThan(0)
      previous = event
    }
  })

  it('have the planned mix', () => {
    const share = (name: string) => events.filter((event) => event.name === name).length / events.length
    expect(share('view')).toBeGreaterThan(0.3)
    expect(share('play')).toBeGreaterThan(0.25)
    expect(share('search')).toBeGreaterThan(0.12)
    expect(share('like')).toBeGreaterThan(0.04)
    expect(share('purchase') / share('add_to_cart')).toBeCloseTo(0.44, 1)
  })
})

describe('rhythm', () => {
  it('is highest on Saturday and in the evening of the user’s own time zone', () => {
    const fullWeeks = events.filter(({ time }) => time < start + 147 * day)
    const byWeekday = groupBy(fullWeeks, ({ time }) => new Date(time / 1000).getUTCDay())
    expect(byWeekday.get(6)!.length).toBeGreaterThan(1.05 * byWeekday.get(2)!.length)
    for (const [geo, offset] of [
      ['JP', 9],
      ['BR', -3],
      ['IN', 5.5],
    ] as const) {
      const byHour = new Array<number>(24).fill(0)
      for (const event of events)
        if (event.geo === geo) byHour[Math.floor(((event.time / 3600e6 + offset) % 24) + 24) % 24]!++
      const evening = mean(byHour.slice(19, 22))
      expect(evening, geo).toBeGreaterThan(4 * mean(byHour.slice(2, 5)))
    }
  })

  it('brings more sign-ups late than early, and more of them from paid social', () => {
    const half = start + 75 * day
    const early = users.filter(({ signup }) => signup < half)
    const late = users.filter(({ signup }) => signup >= half)
    expect(late.length).toBeGreaterThan(early.length)
    const social = (list: typeof users) => mean(list.map(({ channel }) => Number(channel === 'paid_social')))
    expect(social(late)).toBeGreaterThan(social(early))
  })
})

describe('users', () => {
  it('come from the countries that the seed describes', () => {
    const seed = readFileSync(new URL('../../seeds/countries.csv', import.meta.url), 'utf8')
    const described = seed.trim().split('\n').slice(1)
    expect(described.map((line) => line.slice(0, 2)).sort()).toEqual(countries.map(({ code }) => code).sort())
    expect(countries.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
  })

  it('fall away with age', () => {
    const active = new Set(
      events.map(({ userId, time }) => `${userId}:${dayOf(time) - dayOf(signupOf.get(userId)!)}`),
    )
    const cohort = users.filter(({ signup }) => signup < start + 90 * day)
    const retention = (age: number) =>
      mean(cohort.map(({ userId }) => Number(active.has(`${userId}:${age}`))))
    expect(retention(0)).toBe(1)
    const curve = [1, 7, 14, 30, 50].map(retention)
    expect(curve[0]).toBeGreaterThan(0.25)
    expect(curve[0]).toBeLessThan(0.5)
    for (let index = 1; index < curve.length; index++) expect(curve[index]).toBeLessThan(curve[index - 1]!)
    expect(curve.at(-1)).toBeGreaterThan(0.03)
  })

  it('differ a great deal in activity', () => {
    const counts = [...groupBy(events, ({ userId }) => userId).values()]
      .map((list) => list.length)
      .sort((a, b) => b - a)
    const top = counts.slice(0, Math.ceil(counts.length / 10)).reduce((sum, count) => sum + count, 0)
    expect(top / events.length).toBeGreaterThan(0.35)
  })
})

function dayOf(micros: number): number {
  return Math.floor((micros - start) / day)
}
