import type { Random } from 'estimand'
import { drawIndex } from '../draw-index.ts'
import { type Product, productOf } from './catalogue.ts'
import { conversionOf } from './conversion.ts'
import type { Customer } from './customer.ts'

/*
 * One visit: what is looked at, whether something goes into the cart, and whether it is bought.
 */

export type EventName = 'visit' | 'view' | 'add_to_cart' | 'remove_from_cart' | 'purchase'

export interface ShopEvent {
  readonly name: EventName
  /** Seconds since the session began. */
  readonly second: number
  readonly product: Product | undefined
}

export interface Session {
  readonly day: number
  /** Second of the customer's own day. */
  readonly localSecond: number
  readonly channel: number
  readonly device: number
  readonly pageViews: number
  readonly durationSeconds: number
  /** The product that the session came down to. */
  readonly focus: Product
  readonly probability: number
  readonly quantity: number
  readonly events: readonly ShopEvent[]
}

export const channels = ['search', 'email', 'direct', 'ads', 'social_video'] as const
const channelShares = [0.38, 0.17, 0.27, 0.18]
const driftChannel = 4
/** Share of the sessions that come by the new channel from the day of the drift on. */
const driftShare = 0.25

/** Visits by the hour of the customer's own clock. */
const hourWeights = [2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 9, 10, 9, 8, 8, 9, 10, 12, 14, 15, 13, 9, 5]
const hourTotal = hourWeights.reduce((sum, weight) => sum + weight, 0)
const hourShares = hourWeights.map((weight) => weight / hourTotal)

interface SessionWorld {
  readonly catalogue: readonly Product[]
  readonly driftDay: number
  readonly thresholdCents: number
}

/** Draws the session of a customer on a day. */
export function drawSession(random: Random, customer: Customer, day: number, world: SessionWorld): Session {
  const hour = drawIndex(random.uniform(), hourShares)
  const localSecond = hour * 3600 + Math.floor(random.uniform() * 3600)
  const byDrift = random.uniform() < driftShare && day >= world.driftDay
  const usualChannel = drawIndex(random.uniform(), channelShares)
  const device = random.uniform() < 0.85 ? customer.device : random.int(3)
  // Who comes by the new channel looks at little and is gone.
  const pageViews = Math.min(40, 1 + random.poisson((byDrift ? 1.2 : 4.2) * customer.curiosity))
  const pauses = Array.from(
    { length: pageViews },
    () => 5 + Math.floor((byDrift ? 14 : 48) * random.gamma(1.4)),
  )
  const views = pauses.map(() =>
    productOf(world.catalogue, tasteAt(customer, random.uniform()), random.uniform()),
  )
  const focus = views.at(-1)!
  const durationSeconds = pauses.reduce((sum, pause) => sum + pause, 0)
  const probability = conversionOf(
    { durationSeconds, pageViews, priceCents: focus.priceCents, hour, country: customer.country },
    world.thresholdCents,
  )
  const buys = random.bernoulli(probability)
  const fills = buys || random.uniform() < 0.22
  const drops = random.uniform() < 0.35
  const quantity = 1 + Math.min(4, random.poisson(0.18))
  return {
    day,
    localSecond,
    channel: byDrift ? driftChannel : usualChannel,
    device,
    pageViews,
    durationSeconds,
    focus,
    probability,
    quantity,
    events: eventsOf(views, pauses, { buys, fills, drops }),
  }
}

function eventsOf(
  views: readonly Product[],
  pauses: readonly number[],
  { buys, fills, drops }: { readonly buys: boolean; readonly fills: boolean; readonly drops: boolean },
): ShopEvent[] {
  const events: ShopEvent[] = [{ name: 'visit', second: 0, product: undefined }]
  let second = 0
  for (const [index, product] of views.entries()) {
    events.push({ name: 'view', second, product })
    second += pauses[index]!
  }
  const focus = views.at(-1)
  // The cart is filled in the last three seconds, which the duration already holds.
  if (fills) events.push({ name: 'add_to_cart', second: second - 3, product: focus })
  if (buys) events.push({ name: 'purchase', second, product: focus })
  else if (fills && drops) events.push({ name: 'remove_from_cart', second: second - 1, product: focus })
  return events
}

function tasteAt({ tastes }: Customer, uniform: number): number {
  let category = 0
  while (category < tastes.length - 1 && uniform >= tastes[category]!) category++
  return category
}
