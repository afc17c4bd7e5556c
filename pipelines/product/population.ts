import { makeAliasTable, type Random } from 'estimand'
import { type DaylightSaving, offsetsByDay } from '../daylight-saving.ts'
import { microsPerDay } from '../parameters.ts'
import { type Calendar, clockAt, momentOf } from './calendar.ts'

/*
 * Who the users are: where they come from, how much they do, how long they stay and what they are after.
 */

interface Country {
  readonly code: string
  readonly share: number
  readonly utcOffsetMinutes: number
  readonly daylightSaving: DaylightSaving
  /** Weights of the devices, in the order of `devices`. */
  readonly devices: readonly number[]
  /** How strongly its users are drawn to the shop. */
  readonly shopAffinity: number
}

/** Countries with their share of sign-ups; `seeds/countries.csv` tells SQL about the same ones. */
export const countries: readonly Country[] = [
  country('US', 0.27, -300, 'america', [0.3, 0.2, 0.06, 0.36, 0.08], 1.15),
  country('IN', 0.16, 330, 'none', [0.05, 0.78, 0.02, 0.13, 0.02], 0.75),
  country('BR', 0.11, -180, 'none', [0.1, 0.66, 0.03, 0.18, 0.03], 0.85),
  country('GB', 0.1, 0, 'europe', [0.34, 0.2, 0.08, 0.32, 0.06], 1.15),
  country('DE', 0.09, 60, 'europe', [0.22, 0.33, 0.06, 0.34, 0.05], 1.1),
  country('JP', 0.08, 540, 'none', [0.48, 0.2, 0.05, 0.24, 0.03], 1.05),
  country('FR', 0.07, 60, 'europe', [0.25, 0.32, 0.06, 0.32, 0.05], 1.0),
  country('MX', 0.06, -360, 'none', [0.12, 0.62, 0.03, 0.2, 0.03], 0.85),
  country('CA', 0.04, -300, 'america', [0.33, 0.2, 0.07, 0.33, 0.07], 1.1),
  country('NG', 0.02, 60, 'none', [0.04, 0.84, 0.01, 0.1, 0.01], 0.7),
]

function country(
  code: string,
  share: number,
  utcOffsetMinutes: number,
  daylightSaving: DaylightSaving,
  deviceWeights: readonly number[],
  shopAffinity: number,
): Country {
  return { code, share, utcOffsetMinutes, daylightSaving, devices: deviceWeights, shopAffinity }
}

/** Devices with the platform they run. */
export const devices = [
  { device: 'phone', platform: 'ios' },
  { device: 'phone', platform: 'android' },
  { device: 'tablet', platform: 'ios' },
  { device: 'desktop', platform: 'web' },
  { device: 'tv', platform: 'tv' },
] as const
export const tvDevice = 4

/** Acquisition channels: share at launch and at the end, and what kind of user each brings. */
export const channels = [
  { name: 'organic', shareAtLaunch: 0.4, shareAtEnd: 0.3, lifetime: 1.25, activity: 1.1 },
  { name: 'paid_search', shareAtLaunch: 0.22, shareAtEnd: 0.22, lifetime: 0.95, activity: 1.0 },
  { name: 'paid_social', shareAtLaunch: 0.16, shareAtEnd: 0.28, lifetime: 0.6, activity: 0.85 },
  { name: 'referral', shareAtLaunch: 0.12, shareAtEnd: 0.12, lifetime: 1.6, activity: 1.2 },
  { name: 'affiliate', shareAtLaunch: 0.1, shareAtEnd: 0.08, lifetime: 0.55, activity: 0.9 },
] as const

/** Of the beta distribution of how readily users buy what is in the cart. */
const tasteShape = [4, 3] as const

/** Sessions a day at the height of interest: log-normal, so that a few users do a great deal. */
const activityLogMean = Math.log(0.34)
const activityLogSd = 0.7
/** Days from sign-up to leaving for good: Weibull, most likely to leave early, with a log-normal scale. */
const lifetimeShape = 0.6
const lifetimeLogScale = Math.log(60)
const lifetimeLogSd = 0.8
/** How far the busy also stay longer: correlation of the two log scales. */
const activityLifetimeCorrelation = 0.4

/** One user; reused from user to user so that drawing one allocates nothing. */
export interface User {
  country: number
  channel: number
  device: number
  secondDevice: number
  signupMicros: number
  signupDay: number
  /** The sign-up in weighted days. */
  signupClock: number
  /** When the user has left for good. */
  lastMicros: number
  sessionsPerDay: number
  /** Cumulative probabilities of the intents of a session. */
  readonly intents: Float64Array
  /** Probability that what is put into the cart is bought. */
  purchaseProbability: number
}

/** An empty user to draw into. */
export function makeUser(): User {
  return {
    country: 0,
    channel: 0,
    device: 0,
    secondDevice: 0,
    signupMicros: 0,
    signupDay: 0,
    signupClock: 0,
    lastMicros: 0,
    sessionsPerDay: 0,
    intents: new Float64Array(4),
    purchaseProbability: 0,
  }
}

export interface Population {
  /** Mean over users of the probability that what is in the cart is bought. */
  readonly meanPurchaseProbability: number
  /** Microseconds that local time is ahead of UTC, by country and day. */
  readonly offsets: readonly Float64Array[]
  /** Draws the next user into `user`. */
  draw(random: Random, user: User): void
}

/** The population of a world; `purchaseCeiling` is the largest probability of buying what is in the cart. */
export function makePopulation(calendar: Calendar, purchaseCeiling: number): Population {
  const countryTable = makeAliasTable(countries.map(({ share }) => share))
  const deviceTables = countries.map((entry) => makeAliasTable(entry.devices))
  const dayTable = makeAliasTable(calendar.signupWeights)
  const offsets = countries.map((entry) =>
    offsetsByDay(calendar, entry.utcOffsetMinutes, entry.daylightSaving),
  )
  return {
    offsets,
    meanPurchaseProbability: (purchaseCeiling * tasteShape[0]) / (tasteShape[0] + tasteShape[1]),
    draw(random, user) {
      user.country = countryTable.draw(random)
      user.signupDay = dayTable.draw(random)
      user.channel = drawChannel(random.uniform(), user.signupDay / calendar.days)
      user.device = deviceTables[user.country]!.draw(random)
      user.secondDevice = deviceTables[user.country]!.draw(random)
      drawSignup(random, user, calendar, offsets[user.country]!)
      drawHabits(random, user)
      drawTaste(random, user, purchaseCeiling)
    },
  }
}

function drawChannel(point: number, progress: number): number {
  let rest = point
  for (let index = 0; index < channels.length - 1; index++) {
    const { shareAtLaunch, shareAtEnd } = channels[index]!
    rest -= shareAtLaunch + (shareAtEnd - shareAtLaunch) * progress
    if (rest < 0) return index
  }
  return channels.length - 1
}

function drawSignup(random: Random, user: User, calendar: Calendar, offsets: Float64Array): void {
  const quantile = random.uniform()
  let micros = momentOf(calendar, user.signupDay, quantile, offsets)
  // East of Greenwich the first local day begins before the data does, west of it the last one ends after.
  if (micros < calendar.startMicros) micros = momentOf(calendar, ++user.signupDay, quantile, offsets)
  else if (micros >= calendar.endMicros) micros = momentOf(calendar, --user.signupDay, quantile, offsets)
  user.signupMicros = micros
  user.signupClock = clockAt(calendar, user.signupDay, quantile)
}

function drawHabits(random: Random, user: User): void {
  const channel = channels[user.channel]!
  const busy = random.normal()
  const loyal =
    activityLifetimeCorrelation * busy + Math.sqrt(1 - activityLifetimeCorrelation ** 2) * random.normal()
  user.sessionsPerDay = channel.activity * Math.exp(activityLogMean + activityLogSd * busy)
  const scale = channel.lifetime * Math.exp(lifetimeLogScale + lifetimeLogSd * loyal)
  const lifetimeDays = scale * random.exponential() ** (1 / lifetimeShape)
  user.lastMicros = user.signupMicros + lifetimeDays * microsPerDay
}

/** Affinities are gamma draws, so the shares of the intents are Dirichlet distributed around the country's mean. */
function drawTaste(random: Random, user: User, purchaseCeiling: number): void {
  const browse = random.gamma(1.6)
  const search = random.gamma(1.1)
  const listen = random.gamma(2)
  const shop = random.gamma(2.4) * countries[user.country]!.shopAffinity
  const total = browse + search + listen + shop
  user.intents[0] = browse / total
  user.intents[1] = (browse + search) / total
  user.intents[2] = (browse + search + listen) / total
  user.intents[3] = 1
  user.purchaseProbability = purchaseCeiling * random.beta(...tasteShape)
}
