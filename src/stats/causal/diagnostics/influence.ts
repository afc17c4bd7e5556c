import { orderOf } from '../../ordering/order-of.ts'
import type { CausalEffect } from '../effect.ts'

/** A unit that moves the estimate. */
export interface InfluentialUnit {
  readonly unit: number
  /** How much of the estimate, in the outcome's unit, is its doing: the estimate less that without it. */
  readonly change: number
}

export interface InfluenceSummary {
  /** The strongest, either way, the strongest first. */
  readonly strongest: readonly InfluentialUnit[]
  /** The strongest change in standard errors; beyond 1 the estimate hangs on one unit. */
  readonly largestInErrors: number
  /** Share of the variance that comes from the strongest hundredth of units, one at least. */
  readonly topPercentShare: number
}

/**
 * Who decides the estimate, from its influence function: leaving unit i out moves it by about −influence[i]/n.
 *
 * Source: Hampel (1974), "The influence curve and its role in robust estimation". Undefined without an influence function.
 */
export function influenceSummary(
  { influence, stdError }: Pick<CausalEffect, 'influence' | 'stdError'>,
  { count = 10 }: { readonly count?: number } = {},
): InfluenceSummary | undefined {
  if (!influence) return undefined
  const n = influence.length
  const order = orderOf(influence.map((value) => -Math.abs(value)))
  let total = 0
  for (let unit = 0; unit < n; unit++) total += influence[unit]! ** 2
  let top = 0
  for (const unit of order.subarray(0, Math.max(1, Math.floor(n / 100)))) top += influence[unit]! ** 2
  const strongest = Array.from(order.subarray(0, count), (unit) => ({ unit, change: influence[unit]! / n }))
  return {
    strongest,
    largestInErrors: Math.abs(strongest[0]!.change) / stdError,
    topPercentShare: total > 0 ? top / total : Number.NaN,
  }
}
