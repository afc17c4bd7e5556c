import { microsPerDay } from '../parameters.ts'
import { startMicros, type WorldParams } from './params.ts'
import { countries } from './population.ts'

/*
 * A feature that was not tested but rolled out, region by region. Countries that got it are not those that did not:
 * only what changed in them when it came, beside what changed elsewhere, tells what it does.
 */

export const rolloutFeature = 'express_delivery'

/** The day, counted from the launch, on which a country got the feature. */
const startDays: Readonly<Record<string, number>> = { GB: 62, DE: 62, FR: 62, BR: 92, MX: 92 }

export interface Rollout {
  /** By the country's index; infinite where the feature never came. */
  readonly startMicros: readonly number[]
  /** Relative change of the probability that a cart is bought. */
  readonly lift: number
}

/** Where and when the feature came. */
export function makeRollout(params: WorldParams): Rollout {
  return {
    startMicros: countries.map(({ code }) => {
      const day = startDays[code]
      return day === undefined || day >= params.days ? Infinity : startMicros(params) + day * microsPerDay
    }),
    lift: params.rollout_lift,
  }
}
