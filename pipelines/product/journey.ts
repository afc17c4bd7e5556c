import type { AliasTable, Random, RowWriter } from 'estimand'
import { microsPerDay } from '../parameters.ts'
import { momentOf } from './calendar.ts'
import { armOf } from './experiments.ts'
import { tvDevice, type User } from './population.ts'
import {
  checkoutSeconds,
  eventIndex,
  listenIntent,
  longestPauseSeconds,
  meanPauseSeconds,
} from './session.ts'
import type { World } from './world-parts.ts'

/*
 * The life of one user, from the first session to the last, written down event by event.
 * Everything here runs once per event: nothing is allocated, and every draw is made whether or not it is needed in
 * the user's arm, so that the two arms of a user differ by the purchases that the treatment brings and by nothing else.
 */

/** Interest falls from 1 at sign-up to this share, with this decay in days. */
const lastingInterest = 0.5
const interestDecayDays = 9
const shareOnFirstDevice = 0.85
const shareAbroad = 0.02
/** From this day on a television app draws this share of the listening sessions. */
const tvLaunchDay = 100
const tvShare = 0.12
const shortestBreakMicros = 31 * 60e6

/** What an experiment means to one user. */
export interface Exposure {
  arm: number
  /** The first event in the experiment; 0 while there is none. */
  exposedMicros: number
  /** Orders and revenue in the experiment, had the user been in the control or in the treatment. */
  readonly orders: [control: number, treatment: number]
  readonly revenueCents: [control: number, treatment: number]
}

export interface Journeys {
  /** Events written so far. */
  readonly written: () => number
  /** The exposures of the user that was written last, by experiment. */
  readonly exposures: readonly Exposure[]
  /** Writes the events of one user, or as many as still fit. */
  readonly write: (user: User, userId: number) => void
}

/** Writes events with ids from `firstEvent` on until there are `quota` of them. */
export function makeJourneys(
  world: World,
  random: Random,
  out: RowWriter,
  firstEvent: number,
  quota: number,
): Journeys {
  const { calendar, catalogue, chains, experiments, labels, population } = world
  // Imported constants are looked up each time that they are used; these are used once per event.
  const { view, search, play, addToCart, purchase } = eventIndex
  const pauseSeconds = meanPauseSeconds
  const longestSeconds = longestPauseSeconds
  const { endMicros } = calendar
  const exposures: Exposure[] = experiments.map(() => ({
    arm: 0,
    exposedMicros: 0,
    orders: [0, 0],
    revenueCents: [0, 0],
  }))
  let written = 0
  // The user and session that is being written.
  let userId = 0
  let sessionId = 0
  let device = 0
  let geo = 0

  function experimentAt(time: number): number {
    for (let index = 0; index < experiments.length; index++)
      if (time >= experiments[index]!.startMicros && time < experiments[index]!.endMicros) return index
    return -1
  }

  function emit(time: number, name: number, experiment: number, item: number, revenueCents: number): void {
    out.startRow()
    out.int8(firstEvent + written)
    out.int8(userId)
    out.timestamptz(time)
    out.textBytes(labels.eventNames[name]!)
    out.int8(sessionId)
    if (experiment < 0) {
      out.null()
      out.null()
    } else {
      const exposure = exposures[experiment]!
      if (exposure.exposedMicros === 0) exposure.exposedMicros = time
      out.textBytes(labels.experiments[experiment]!)
      out.textBytes(labels.arms[exposure.arm]!)
    }
    out.textBytes(labels.platforms[device]!)
    out.textBytes(labels.countries[geo]!)
    out.textBytes(labels.devices[device]!)
    if (item === 0) out.null()
    else out.int4(item)
    const priceCents = catalogue.priceCents[item]!
    if (priceCents === 0) out.null()
    else out.int4(priceCents)
    if (revenueCents === 0) out.null()
    else out.int4(revenueCents)
    written++
  }

  function pause(meanSeconds: number): number {
    return Math.floor(Math.min(1 + meanSeconds * random.exponential(), longestSeconds) * 1000) * 1000
  }

  /** Decides about the cart in both arms and writes the purchase if the user's own arm makes it. */
  function checkOut(user: User, time: number, experiment: number, item: number): void {
    const point = random.uniform()
    const quantityPoint = random.uniform()
    if (time >= endMicros || written >= quota) return
    const revenueCents =
      catalogue.priceCents[item]! * (quantityPoint < 0.86 ? 1 : quantityPoint < 0.97 ? 2 : 3)
    const lift = experiment < 0 ? 0 : experiments[experiment]!.lift
    const inControl = point < user.purchaseProbability
    const inTreatment = point < user.purchaseProbability * (1 + lift)
    let buys = inControl
    if (experiment >= 0) {
      const exposure = exposures[experiment]!
      if (time < experiments[experiment]!.endMicros) {
        if (inControl) count(exposure, 0, revenueCents)
        if (inTreatment) count(exposure, 1, revenueCents)
      }
      if (exposure.arm === 1) buys = inTreatment
    }
    if (buys) emit(time, purchase, experiment, item, revenueCents)
  }

  /** Writes a session and returns when it is over. */
  function session(user: User, startTime: number, intent: number): number {
    let time = startTime
    let item = 0
    let state = chains.first(intent, random.uniform())
    sessionId = firstEvent + written
    while (state !== chains.end && time < endMicros && written < quota) {
      item = itemOf(state, item)
      const experiment = experimentAt(time)
      emit(time, state, experiment, item, 0)
      if (state === addToCart) {
        time += pause(checkoutSeconds)
        checkOut(user, time, experiment, item)
      }
      time += pause(pauseSeconds[state]!)
      state = chains.next(intent, state, random.uniform())
    }
    return time
  }

  /** The item of an event: a search has none, a like or a cart means what was seen last. */
  function itemOf(state: number, last: number): number {
    if (state === search) return 0
    if (state === view) return drawItem(world.productTable, 1)
    if (state === play) return drawItem(world.titleTable, 1 + catalogue.productCount)

    return last
  }

  function drawItem(table: AliasTable, first: number): number {
    return first + table.draw(random)
  }

  /** Draws what the session is about and on what it happens. */
  function begin(user: User, day: number): number {
    const intentPoint = random.uniform()
    let intent = 0
    while (intentPoint >= user.intents[intent]!) intent++
    device = random.uniform() < shareOnFirstDevice ? user.device : user.secondDevice
    const tvPoint = random.uniform()
    if (intent === listenIntent && day >= tvLaunchDay && tvPoint < tvShare) device = tvDevice
    const abroad = random.uniform()
    geo = abroad < shareAbroad ? Math.floor((abroad / shareAbroad) * labels.countries.length) : user.country
    return intent
  }

  function write(user: User, id: number): void {
    userId = id
    for (let index = 0; index < exposures.length; index++)
      reset(exposures[index]!, armOf(id, experiments[index]!))
    const offsets = population.offsets[user.country]!
    let day = user.signupDay
    let clock = user.signupClock
    // Signing up is the beginning of the first session.
    let over = session(user, user.signupMicros, begin(user, day))
    while (written < quota) {
      clock += random.exponential() / user.sessionsPerDay
      while (day < calendar.days && calendar.elapsed[day + 1]! <= clock) day++
      if (day === calendar.days) return
      const quantile =
        (clock - calendar.elapsed[day]!) / (calendar.elapsed[day + 1]! - calendar.elapsed[day]!)
      const time = momentOf(calendar, day, quantile, offsets)
      if (time >= user.lastMicros) return
      const age = (time - user.signupMicros) / microsPerDay
      const interest = lastingInterest + (1 - lastingInterest) * Math.exp(-age / interestDecayDays)
      if (random.uniform() >= interest || time < over + shortestBreakMicros) continue
      over = session(user, time, begin(user, day))
    }
  }

  return { written: () => written, exposures, write }
}

function count(exposure: Exposure, arm: 0 | 1, revenueCents: number): void {
  exposure.orders[arm]++
  exposure.revenueCents[arm] += revenueCents
}

function reset(exposure: Exposure, arm: number): void {
  exposure.arm = arm
  exposure.exposedMicros = 0
  exposure.orders.fill(0)
  exposure.revenueCents.fill(0)
}
