import { dayMicros, microsPerDay, requireBetween, requireWholes, seedRange } from '../parameters.ts'

/** The parameters of the spend world, as `pipelines/spend.yml` names them. */
export interface SpendParams {
  readonly spend_users: number
  readonly spend_seed: number
  /** The first day of the month in which the feature came out. */
  readonly spend_launch: string
  /** What using the feature adds to a user's spend in that month, in cents: the truth. */
  readonly spend_effect_cents: number
  /** How strongly power users are drawn to the feature: 1 is the world as described, 0 is a fair lottery. */
  readonly spend_selection: number
}

/** The months of the world, as days since 1970. */
export interface Months {
  readonly before: number
  readonly launch: number
  /** First day after the month of the launch. */
  readonly end: number
}

/** Refuses parameters that make no world, naming the one at fault. */
export function checkParams(params: SpendParams): void {
  requireWholes(params, {
    spend_users: [1, 1e9],
    spend_seed: seedRange,
    spend_effect_cents: [-1000, 100_000],
  })
  requireBetween('spend_selection', params.spend_selection, 0, 3)
  const launch = new Date(dayMicros('spend_launch', params.spend_launch) / 1000)
  if (launch.getUTCDate() !== 1)
    throw new Error(`spend_launch must be the first day of a month, and is ${params.spend_launch}`)
}

/** The month of the launch and the one before it. */
export function monthsOf(params: SpendParams): Months {
  const launch = new Date(dayMicros('spend_launch', params.spend_launch) / 1000)
  const monthAt = (months: number) =>
    (Date.UTC(launch.getUTCFullYear(), launch.getUTCMonth() + months, 1) * 1000) / microsPerDay
  return { before: monthAt(-1), launch: monthAt(0), end: monthAt(1) }
}
