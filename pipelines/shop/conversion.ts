import { countries } from './customer.ts'

/*
 * What makes a session end with an order: the law that a model is to find.
 */

export interface SessionFacts {
  readonly durationSeconds: number
  readonly pageViews: number
  readonly priceCents: number
  /** Hour of the customer's own clock. */
  readonly hour: number
  readonly country: number
}

/** The coefficients of the log odds, as `truth.shop_law` has them. */
export const conversionLaw = {
  intercept: -6.9,
  /** For each unit of the natural logarithm of minutes. */
  log_minutes: 1.5,
  /** For each page, up to twelve. */
  page_views: 0.28,
  /** Up to the threshold of price. */
  price_below_threshold: 2.1,
  /** For each hundred dollars. */
  price_hundreds: -0.6,
  /** From six to ten in the evening. */
  evening: 0.7,
  /** From midnight to six. */
  night: -0.5,
} as const

/** Probability that a session ends with an order. */
export function conversionOf(
  { durationSeconds, pageViews, priceCents, hour, country }: SessionFacts,
  thresholdCents: number,
): number {
  const logOdds =
    conversionLaw.intercept +
    conversionLaw.log_minutes * Math.log(Math.max(durationSeconds, 15) / 60) +
    conversionLaw.page_views * Math.min(pageViews, 12) +
    (priceCents <= thresholdCents ? conversionLaw.price_below_threshold : 0) +
    conversionLaw.price_hundreds * (priceCents / 10_000) +
    (hour >= 18 && hour < 22 ? conversionLaw.evening : 0) +
    (hour < 6 ? conversionLaw.night : 0) +
    countries[country]!.logOdds
  return 1 / (1 + Math.exp(-logOdds))
}
