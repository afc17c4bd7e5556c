import { dayMicros, requireBetween, requireWholes, seedRange } from '../parameters.ts'

/** The parameters of the shop world, as `pipelines/shop.yml` names them. */
export interface ShopParams {
  readonly shop_customers: number
  readonly shop_seed: number
  /** The first day of the data, in UTC. */
  readonly shop_start: string
  readonly shop_days: number
  /** The price in cents up to which a customer buys without thinking twice. */
  readonly shop_price_threshold: number
  /** From this day on, counted from the first, a new channel sends people who only look. */
  readonly shop_drift_day: number
  /** How much of the record is spoiled: 1 is the world as described, 0 is a clean record. */
  readonly shop_dirt: number
}

/** A session's number is that of the customer times this plus its place; an event's is that of the session likewise. */
export const sessionsPerCustomer = 1000
export const eventsPerSession = 100

/** Refuses parameters that make no world, naming the one at fault. */
export function checkParams(params: ShopParams): void {
  requireWholes(params, {
    shop_customers: [1, 1e9],
    shop_seed: seedRange,
    shop_days: [2, 3650],
    shop_price_threshold: [1, 1e8],
    shop_drift_day: [0, 3650],
  })
  requireBetween('shop_dirt', params.shop_dirt, 0, 5)
  startMicros(params)
}

/** The first day as microseconds since 1970. */
export function startMicros(params: ShopParams): number {
  return dayMicros('shop_start', params.shop_start)
}
