import type { Random } from 'estimand'
import type { DaylightSaving } from '../daylight-saving.ts'
import { drawIndex } from '../draw-index.ts'
import { categories } from './catalogue.ts'

export interface Country {
  readonly code: string
  readonly share: number
  readonly utcOffsetMinutes: number
  readonly daylightSaving: DaylightSaving
  /** What it adds to the log odds that a session ends with an order. */
  readonly logOdds: number
}

/** Where customers live; `seeds/countries.csv` knows the time zones. */
export const countries: readonly Country[] = [
  { code: 'US', share: 0.36, utcOffsetMinutes: -300, daylightSaving: 'america', logOdds: 0.35 },
  { code: 'DE', share: 0.2, utcOffsetMinutes: 60, daylightSaving: 'europe', logOdds: 0.15 },
  { code: 'GB', share: 0.17, utcOffsetMinutes: 0, daylightSaving: 'europe', logOdds: 0.2 },
  { code: 'BR', share: 0.14, utcOffsetMinutes: -180, daylightSaving: 'none', logOdds: -0.5 },
  { code: 'IN', share: 0.13, utcOffsetMinutes: 330, daylightSaving: 'none', logOdds: -0.7 },
]

export const devices = ['phone', 'desktop', 'tablet'] as const
const deviceShares = [0.56, 0.36, 0.08]

export interface Customer {
  country: number
  age: number
  device: number
  /** Days from the first day of the data to signing up; negative for who was there before. */
  signupDay: number
  /** Last day of interest, in the same count. */
  lastDay: number
  sessionsPerDay: number
  /** How much the customer looks at, relative to others. */
  curiosity: number
  /** Probability of each category, added up. */
  readonly tastes: Float64Array
}

/** An empty customer to draw into. */
export function makeCustomer(): Customer {
  return {
    country: 0,
    age: 0,
    device: 0,
    signupDay: 0,
    lastDay: 0,
    sessionsPerDay: 0,
    curiosity: 0,
    tastes: new Float64Array(categories.length),
  }
}

/** Draws one customer of the world. */
export function drawCustomer(random: Random, days: number, customer: Customer): void {
  customer.country = drawIndex(
    random.uniform(),
    countries.map(({ share }) => share),
  )
  customer.age = Math.max(18, Math.min(90, Math.round(24 + 11 * random.gamma(2))))
  customer.device = drawIndex(random.uniform(), deviceShares)
  // Two thirds were customers when the data begin, up to two years before; the others come as it goes on.
  const early = random.bernoulli(0.66)
  const when = random.uniform()
  customer.signupDay = early ? -Math.floor(when * 730) - 1 : Math.floor(when * days)
  // Four in ten lose interest some day: after eighty days on average, counted from the first that is on record.
  const loses = random.bernoulli(0.4)
  const interest = 80 * random.exponential()
  customer.lastDay = loses ? Math.max(0, customer.signupDay) + interest : Number.POSITIVE_INFINITY
  customer.sessionsPerDay = random.lognormal(Math.log(0.075), 0.6)
  customer.curiosity = random.lognormal(0, 0.3)
  drawTastes(random, customer.tastes)
}

/** Dirichlet: gamma draws over their sum. A few categories make up most of what a customer looks at. */
function drawTastes(random: Random, tastes: Float64Array): void {
  let sum = 0
  for (let category = 0; category < tastes.length; category++) sum += tastes[category] = random.gamma(0.7)
  let before = 0
  for (let category = 0; category < tastes.length; category++)
    tastes[category] = before += tastes[category]! / sum
}
