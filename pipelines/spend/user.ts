import type { Random } from 'estimand'
import { drawIndex } from '../draw-index.ts'
import type { SpendParams } from './params.ts'

/*
 * The structural model of the spend world. Account age and activity before the launch drive both the use of the
 * feature and the spend: power users. An invitation, sent by lot, drives the use alone. The effect of use on spend
 * is the same for everybody, so that the average over any group of users is the truth.
 */

export interface SpendUser {
  /** Days from signing up to the launch. */
  accountAge: number
  country: number
  /** Sessions in the month before the launch. */
  sessions: number
  invited: boolean
  /** Probability that this user takes to the feature. */
  propensity: number
  usesFeature: boolean
  /** Spend in the month before the launch, in cents. */
  centsBefore: number
  /** Spend in the month of the launch without the feature, in cents. */
  centsWithout: number
  /** Sessions in the month of the launch: more for those who use the feature, and no cause of spend. */
  sessionsAfter: number
}

/** Countries, how often a user comes from one, and what its prices add to a month's spend, in cents. */
export const spendCountries = [
  { code: 'US', share: 0.42, cents: 180 },
  { code: 'DE', share: 0.21, cents: 60 },
  { code: 'BR', share: 0.2, cents: -210 },
  { code: 'IN', share: 0.17, cents: -270 },
] as const

const countryShares = spendCountries.map(({ share }) => share)

/** Mean and standard deviation of the account's age in days: 40 + a gamma draw of shape 2 and scale 175. */
const ageMean = 390
const ageSd = 247.5
const meanSessions = 15.8
const invitedShare = 0.3
const noiseSdCents = 550

/** Draws one user of the world. */
export function drawUser(random: Random, params: SpendParams, user: SpendUser): void {
  user.accountAge = Math.round(40 + 175 * random.gamma(2))
  user.country = drawIndex(random.uniform(), countryShares)
  const age = (user.accountAge - ageMean) / ageSd
  const rate = Math.exp(2.65 + 0.12 * age + 0.45 * random.normal())
  user.sessions = random.poisson(rate)
  user.invited = random.bernoulli(invitedShare)
  user.propensity = propensityOf(age, user.sessions, user.invited, params.spend_selection)
  user.usesFeature = random.bernoulli(user.propensity)
  const usual = usualCents(user, age)
  user.centsBefore = Math.round(usual + noise(random))
  user.centsWithout = Math.round(usual + noise(random))
  user.sessionsAfter = random.poisson(user.usesFeature ? rate * 1.2 : rate)
}

function propensityOf(age: number, sessions: number, invited: boolean, selection: number): number {
  const pull = 0.45 * age + 0.06 * (sessions - meanSessions)
  return 1 / (1 + Math.exp(0.85 - selection * pull - (invited ? 0.9 : 0)))
}

/** What a user spends in a month but for chance, in cents. */
function usualCents(user: SpendUser, age: number): number {
  return 3300 + 432 * age + 48 * (user.sessions - meanSessions) + spendCountries[user.country]!.cents
}

/** Normal noise, held to three standard deviations on both sides so that its mean stays 0 and nobody spends less than nothing. */
function noise(random: Random): number {
  return noiseSdCents * Math.max(-3, Math.min(3, random.normal()))
}
