import { type AliasTable, type EncodedTexts, encodeTexts, type Random, type RowWriter } from 'estimand'
import { microsPerDay } from '../parameters.ts'
import { momentOf } from './calendar.ts'
import { armOf, arms, type Experiment, type Lever } from './experiments.ts'
import { countries, devices, tvDevice, type User } from './population.ts'
import {
  checkoutSeconds,
  eventIndex,
  eventNames,
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
export const tvLaunchDay = 100
const tvShare = 0.12
const shortestBreakMicros = 31 * 60e6

/** What an experiment, or the roll-out, means to one user. */
export interface Exposure {
  arm: number
  /** The first event in the experiment; 0 while there is none. */
  exposedMicros: number
  /** What the user does in the experiment in either arm, whatever happens in the others. */
  readonly orders: [control: number, treatment: number]
  readonly revenueCents: [control: number, treatment: number]
  readonly plays: [control: number, treatment: number]
}

export interface Journeys {
  /** Events written so far. */
  readonly written: () => number
  /** The exposures of the user that was written last, by experiment; the last one is to the roll-out. */
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
  const { calendar, catalogue, chains, experiments, labels, population, rollout } = world
  // Imported constants are looked up each time that they are used; these are used once per event.
  const { view, search, play, addToCart, purchase } = eventIndex
  const pauseSeconds = meanPauseSeconds
  const longestSeconds = longestPauseSeconds
  const { startMicros, endMicros } = calendar
  const interestAtLast = lastingInterest
  const breakMicros = shortestBreakMicros
  const decayDays = interestDecayDays
  const dayMicros = microsPerDay
  const days = Array.from({ length: calendar.days }, (_, day) => dayOf(experiments, day))
  const names = eventNames.map((name) => encodeTexts([name]))
  const deviceCount = devices.length
  const countryCount = countries.length
  const placeCount = (experiments.length + 1) * arms.length * deviceCount * countryCount
  const surroundings = new Array<EncodedTexts | undefined>(placeCount).fill(undefined)
  const exposures: Exposure[] = [...experiments, rollout].map(() => ({
    arm: 0,
    exposedMicros: 0,
    orders: [0, 0],
    revenueCents: [0, 0],
    plays: [0, 0],
  }))
  const rolloutExposure = exposures.at(-1)!
  const ends = experiments.map(({ endDay }) => startMicros + endDay * microsPerDay)
  let written = 0
  // The user and session that is being written.
  let userId = 0
  let homeCountry = 0
  let sessionId = 0
  let device = 0
  let geo = 0
  let rolloutFrom = Infinity
  /** The day on which the user was seen last. */
  let today: Day | undefined

  /** The day of a time, to whose experiments the user is exposed from here on. */
  function expose(time: number): Day {
    const day = days[Math.floor((time - startMicros) / dayMicros)]!
    if (day !== today) {
      today = day
      for (let place = 0; place < day.running.length; place++) exposeTo(day.running[place]!, time)
    }
    if (rolloutExposure.exposedMicros === 0 && time >= rolloutFrom) rolloutExposure.exposedMicros = time
    return day
  }

  function exposeTo(index: number, time: number): void {
    const exposure = exposures[index]!
    if (exposure.exposedMicros !== 0) return
    exposure.exposedMicros = time
    exposure.arm = armOf(userId, homeCountry, experiments[index]!)
  }

  function emit(time: number, name: number, { named }: Day, item: number, revenueCents: number): void {
    const arm = named < 0 ? 0 : exposures[named]!.arm
    const place = (((named + 1) * arms.length + arm) * deviceCount + device) * countryCount + geo
    out.startRow()
    out.int8(firstEvent + written)
    out.int8(userId)
    out.timestamptz(time)
    out.texts(names[name]!)
    out.int8(sessionId)
    out.texts(surroundings[place] ?? encodeSurroundings(place, named, arm))
    if (item === 0) out.null()
    else out.int4(item)
    const priceCents = catalogue.priceCents[item]!
    if (priceCents === 0) out.null()
    else out.int4(priceCents)
    if (revenueCents === 0) out.null()
    else out.int4(revenueCents)
    written++
  }

  /** In which experiment and arm something happens, on what and where: a few hundred different ones at most. */
  function encodeSurroundings(place: number, named: number, arm: number): EncodedTexts {
    const { device: deviceName, platform } = devices[device]!
    const experiment = named < 0 ? [null, null] : [experiments[named]!.id, arms[arm]!]
    const encoded = encodeTexts([...experiment, platform, countries[geo]!.code, deviceName])
    surroundings[place] = encoded
    return encoded
  }

  function pause(meanSeconds: number): number {
    return Math.floor(Math.min(1 + meanSeconds * random.exponential(), longestSeconds) * 1000) * 1000
  }

  /** What an experiment's treatment makes of the lever at a time, for this user: 1 + lift. */
  function factorOf(user: User, index: number, lever: Lever, time: number): number {
    const experiment = experiments[index]!
    if (experiment.lever !== lever) return 1
    const days = Math.floor((time - exposures[index]!.exposedMicros) / microsPerDay)
    return 1 + experiment.liftOf(user.device, days)
  }

  /** The product of what the user's own treatments make of the lever. */
  function ownFactor(user: User, running: readonly number[], lever: Lever, time: number): number {
    let factor = 1
    for (let place = 0; place < running.length; place++)
      if (exposures[running[place]!]!.arm === 1) factor *= factorOf(user, running[place]!, lever, time)
    return factor
  }

  /** Decides about the cart in both arms of every experiment and writes the purchase if the user's own arms make it. */
  function checkOut(user: User, time: number, day: Day, item: number): void {
    const { running } = day
    const point = random.uniform()
    const quantityPoint = random.uniform()
    if (time >= endMicros || written >= quota) return
    const revenueCents =
      catalogue.priceCents[item]! * (quantityPoint < 0.86 ? 1 : quantityPoint < 0.97 ? 2 : 3)
    const inRollout = time >= rolloutFrom
    const here = inRollout ? 1 + rollout.lift : 1
    const own = user.purchaseProbability * here * ownFactor(user, running, 'cart', time)
    for (let place = 0; place < running.length; place++) {
      const index = running[place]!
      if (time >= ends[index]!) continue
      const factor = factorOf(user, index, 'cart', time)
      const treated = exposures[index]!.arm === 1
      if (point < (treated ? own / factor : own)) countOrder(exposures[index]!, 0, revenueCents)
      if (point < (treated ? own : own * factor)) countOrder(exposures[index]!, 1, revenueCents)
    }
    if (inRollout) {
      if (point < own / here) countOrder(rolloutExposure, 0, revenueCents)
      if (point < own) countOrder(rolloutExposure, 1, revenueCents)
    }
    if (point < own) emit(time, purchase, day, item, revenueCents)
  }

  /** Decides in both arms of every experiment whether another play follows, and writes it if the user's own arms make it. */
  function playOn(user: User, time: number, day: Day, item: number): void {
    const { running, movesPlays } = day
    const point = random.uniform()
    for (let place = 0; place < running.length; place++) {
      const { plays } = exposures[running[place]!]!
      plays[0]++
      plays[1]++
    }
    if (!movesPlays || time >= endMicros || written >= quota) return
    const own = ownFactor(user, running, 'play', time)
    for (let place = 0; place < running.length; place++) {
      const index = running[place]!
      const { arm, plays } = exposures[index]!
      if (time >= ends[index]!) continue
      const factor = factorOf(user, index, 'play', time)
      if (point < (arm === 1 ? own / factor : own) - 1) plays[0]++
      if (point < (arm === 1 ? own : own * factor) - 1) plays[1]++
    }
    if (point < own - 1) emit(time, play, day, item, 0)
  }

  /** Writes a session and returns when it is over. */
  function session(user: User, startTime: number, intent: number): number {
    let time = startTime
    let item = 0
    let state = chains.first(intent, random.uniform())
    sessionId = firstEvent + written
    while (state !== chains.end && time < endMicros && written < quota) {
      item = itemOf(state, item)
      const day = expose(time)
      emit(time, state, day, item, 0)
      if (state === addToCart) {
        time += pause(checkoutSeconds)
        checkOut(user, time, day, item)
      }
      const wait = pause(pauseSeconds[state]!)
      // The next part of the title, half-way to whatever comes then.
      if (state === play) playOn(user, time + Math.floor(wait / 2000) * 1000, day, item)
      time += wait
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
    homeCountry = user.country
    today = undefined
    for (let index = 0; index < exposures.length; index++) reset(exposures[index]!)
    rolloutFrom = rollout.startMicros[user.country]!
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
      const point = random.uniform()
      if (time < over + breakMicros) continue
      if (point >= interestAtLast) {
        const age = (time - user.signupMicros) / dayMicros
        if (point >= interestAtLast + (1 - interestAtLast) * Math.exp(-age / decayDays)) continue
      }
      over = session(user, time, begin(user, day))
    }
  }

  return { written: () => written, exposures, write }
}

function countOrder(exposure: Exposure, arm: 0 | 1, revenueCents: number): void {
  exposure.orders[arm]++
  exposure.revenueCents[arm] += revenueCents
}

/** To an arm a user comes with the exposure; the roll-out treats everybody. */
function reset(exposure: Exposure): void {
  const { orders, revenueCents, plays } = exposure
  exposure.arm = 1
  exposure.exposedMicros = 0
  orders[0] = orders[1] = 0
  revenueCents[0] = revenueCents[1] = 0
  plays[0] = plays[1] = 0
}

/** What the days of the world have to do with its experiments. */
interface Day {
  /** The experiments that run. */
  readonly running: readonly number[]
  /** The one that events name; negative for none. */
  readonly named: number
  /** Whether one of them makes people play more. */
  readonly movesPlays: boolean
}

function dayOf(experiments: readonly Experiment[], day: number): Day {
  const running = experiments.flatMap(({ startDay, endDay }, index) =>
    day >= startDay && day < endDay ? [index] : [],
  )
  return {
    running,
    // No two of the main layer run at once.
    named: running.find((index) => experiments[index]!.layer === 'main') ?? -1,
    movesPlays: running.some((index) => experiments[index]!.lever === 'play'),
  }
}
