import type { Random } from 'estimand'
import { drawIndex } from '../draw-index.ts'

export interface Account {
  plan: number
  region: number
  /** Users of the account. */
  seats: number
  /** Days from the beginning of the contract to the campaign. */
  tenure: number
  /** The first so many users of the account are its administrators. */
  admins: number
  /** How densely people work in this account: standard normal. */
  pace: number
}

/** What accounts pay for a seat and month, how often a plan is chosen, and how much larger its accounts are. */
export const plans = [
  { name: 'team', share: 0.5, centsPerSeat: 900, size: 0.8 },
  { name: 'business', share: 0.35, centsPerSeat: 1600, size: 1.2 },
  { name: 'enterprise', share: 0.15, centsPerSeat: 2900, size: 2.6 },
] as const

export const regions = ['emea', 'amer', 'apac'] as const
const regionShares = [0.41, 0.39, 0.2]

/** Draws one account of the world. */
export function drawAccount(random: Random, account: Account): void {
  account.plan = drawIndex(
    random.uniform(),
    plans.map(({ share }) => share),
  )
  account.region = drawIndex(random.uniform(), regionShares)
  const size = random.lognormal(1.55, 0.62) * plans[account.plan]!.size
  account.seats = Math.max(2, Math.min(400, Math.round(size)))
  account.tenure = 60 + Math.round(300 * random.gamma(1.6))
  account.admins = Math.min(account.seats - 1, 1 + random.binomial(account.seats - 1, 0.07))
  account.pace = random.normal()
}
