import type { Random } from 'estimand'
import { drawIndex } from '../draw-index.ts'
import type { Account } from './account.ts'

/*
 * What a user of the b2b world is like, and what a nudge does to somebody like that. The groups follow from how a
 * user works, which the activity log shows with noise, so that a model can learn whom a nudge helps; the groups
 * themselves are nowhere on record.
 */

export const latentGroups = ['sleeping_dog', 'persuadable', 'sure_thing', 'lost_cause'] as const
export type LatentGroup = (typeof latentGroups)[number]

export interface B2bUser {
  admin: boolean
  /** Days from joining the account to the campaign. */
  tenure: number
  dormant: boolean
  /** Actions a minute. */
  intensity: number
  /** Actions on a working day, when the user is active. */
  actionsPerDay: number
  /** Probability of being active on a working day. */
  presence: number
  /** The pace of the last week before the campaign, relative to the weeks before it. */
  drift: number
  group: LatentGroup
  /** What became of an earlier nudge, as a place in `responses`. */
  response: number
}

/** What people do with a nudge. */
export const responses = ['never_nudged', 'accepted', 'ignored', 'dismissed'] as const

/** Probability of converting without a nudge, and what a nudge adds to it; lost for good is lost, and a power user minds. */
export const groupLaws: Readonly<Record<LatentGroup, { readonly base: number; readonly uplift: number }>> = {
  sleeping_dog: { base: 0.42, uplift: -0.12 },
  persuadable: { base: 0.12, uplift: 0.22 },
  sure_thing: { base: 0.45, uplift: 0.02 },
  lost_cause: { base: 0.04, uplift: 0.005 },
}

/** Accounts with more administrators than this mind a nudge that annoys three times as much. */
const manyAdmins = 2
const manyAdminsFactor = 3

const intensitySd = 0.5
/** How much of the spread in pace is the account's and not the user's. */
const accountShare = 0.3
/** The 90th percentile of the intensity's law, e^(sd·z): above it a user is a sleeping dog. */
export const sleepingDogIntensity = Math.exp(intensitySd * 1.2815515655446004)
const medianActions = 14
const actionsSd = 0.55

const responseShares: Readonly<Record<LatentGroup, readonly number[]>> = {
  sleeping_dog: [0.35, 0.08, 0.15, 0.42],
  persuadable: [0.45, 0.27, 0.2, 0.08],
  sure_thing: [0.45, 0.3, 0.15, 0.1],
  lost_cause: [0.5, 0.02, 0.4, 0.08],
}

/** Draws one user of an account; `place` counts from 0. */
export function drawUser(random: Random, account: Account, place: number, user: B2bUser): void {
  user.admin = place < account.admins
  user.tenure = place === 0 ? account.tenure : Math.max(31, Math.round(account.tenure * random.beta(3, 1)))
  const pace = Math.sqrt(accountShare) * account.pace + Math.sqrt(1 - accountShare) * random.normal()
  user.intensity = Math.exp(intensitySd * pace)
  user.actionsPerDay = medianActions * Math.exp(actionsSd * (0.6 * pace + 0.8 * random.normal()))
  user.dormant = random.bernoulli(user.admin ? 0.02 : 0.12)
  user.presence = user.dormant ? 0.03 : 0.55 + 0.45 * random.beta(3, 1.5)
  user.drift = drawDrift(random)
  user.group = groupOf(user)
  user.response = drawIndex(random.uniform(), responseShares[user.group])
}

/** Four in ten slow down by 10 to 20 %, three in twenty speed up, the others go on as they did. */
function drawDrift(random: Random): number {
  const kind = random.uniform()
  const within = random.uniform()
  if (kind < 0.4) return 0.8 + 0.1 * within
  return kind < 0.55 ? 1.05 + 0.25 * within : 0.97 + 0.06 * within
}

function groupOf(user: B2bUser): LatentGroup {
  if (user.dormant) return 'lost_cause'
  if (user.intensity > sleepingDogIntensity) return 'sleeping_dog'
  if (user.admin) return 'sure_thing'
  if (user.drift < 0.9) return 'persuadable'
  return user.actionsPerDay > medianActions ? 'sure_thing' : 'lost_cause'
}

/** Probabilities of converting without and with the nudge. */
export function conversionOf(user: B2bUser, account: Account): readonly [number, number] {
  const { base, uplift } = groupLaws[user.group]
  const harsh = uplift < 0 && account.admins > manyAdmins
  return [base, base + (harsh ? uplift * manyAdminsFactor : uplift)]
}

/** Probability of a complaint: a nudge annoys sleeping dogs, and hardly anybody else. */
export function complaintOf(user: B2bUser, treated: boolean): number {
  if (!treated) return 0.004
  return user.group === 'sleeping_dog' ? 0.24 : 0.012
}

/**
 * Probability of having been nudged, from what the log shows: the campaign was aimed at people who did little and
 * at those who had waved an earlier nudge away. `actions` are those of the last 30 days on record.
 */
export function propensityOf(user: B2bUser, actions: number, selection: number): number {
  const pull =
    -0.85 * (Math.log1p(actions) - 5.3) -
    (user.admin ? 0.7 : 0) +
    (responses[user.response] === 'dismissed' ? 0.5 : 0)
  return 1 / (1 + Math.exp(0.2 - selection * Math.max(-2, Math.min(2, pull))))
}
