import { hashKey, hashUnit } from 'estimand'
import { microsPerDay } from '../parameters.ts'
import { startMicros, type WorldParams } from './params.ts'
import { countries, devices, type User } from './population.ts'

/*
 * The experiments of the world. Users are assigned by a hash, independently between experiments, and are exposed by
 * their first event on or after the start. Several run at once; an event names the one of the main layer.
 */

/** What a treatment changes: whether a cart is bought, or whether another title is played after one. */
export type Lever = 'cart' | 'play'

export interface Experiment {
  readonly id: string
  readonly hypothesis: string
  /** Experiments of the main layer never overlap, and events name them. */
  readonly layer: 'main' | 'shop' | 'player' | 'search'
  readonly startDay: number
  /** First day after the experiment. */
  readonly endDay: number
  /** Makes the experiment's assignment independent of every other's, and of the same one's in another world. */
  readonly salt: number
  readonly lever: Lever
  /** Share of the users of a country who are treated, by the country's index. */
  readonly treatmentShares: readonly number[]
  /** Relative change that the treatment makes, by the user's main device and whole days since the exposure. */
  readonly liftOf: (device: number, days: number) => number
  readonly law: LiftLaw
  /** Do treated users get lost before their exposure is on record? */
  readonly losesExposures: boolean
}

/** How the lift depends on user and time, in words and numbers. */
export type LiftLaw =
  | { readonly kind: 'constant'; readonly lift: number }
  | { readonly kind: 'by_device'; readonly lifts: Readonly<Record<string, number>> }
  | { readonly kind: 'novelty'; readonly atFirst: number; readonly decayDays: number }

export const arms = ['control', 'treatment'] as const

const half = countries.map(() => 0.5)

/** The experiments, the main layer first. */
export function makeExperiments(params: WorldParams): readonly Experiment[] {
  const make = (
    id: string,
    layer: Experiment['layer'],
    [startDay, days]: readonly [number, number],
    lever: Lever,
    law: LiftLaw,
    hypothesis: string,
    special: Partial<Pick<Experiment, 'treatmentShares' | 'losesExposures'>> = {},
  ): Experiment => ({
    id,
    hypothesis,
    layer,
    startDay,
    endDay: startDay + days,
    salt: hashKey(id, params.seed),
    lever,
    treatmentShares: half,
    losesExposures: false,
    law,
    liftOf: liftBy(law),
    ...special,
  })
  const constant = (lift: number): LiftLaw => ({ kind: 'constant', lift })
  return [
    make(
      'player_telemetry_aa',
      'main',
      [params.aa_start_day, params.aa_days],
      'cart',
      constant(0),
      'An A/A test: both arms see the same player, so no metric may move.',
    ),
    make(
      'one_tap_checkout',
      'main',
      [params.one_tap_start_day, params.one_tap_days],
      'cart',
      constant(params.one_tap_lift),
      'Buying with one tap turns more carts into orders and leaves engagement as it is.',
    ),
    // Stratified: where prices are hard to change fewer users got them, so the arms differ in countries.
    make(
      'local_prices',
      'shop',
      [60, 28],
      'cart',
      constant(0.08),
      'Prices in the local currency turn more carts into orders.',
      { treatmentShares: countries.map(({ shopAffinity }) => (shopAffinity >= 1 ? 0.5 : 0.2)) },
    ),
    // Sample ratio mismatch: the new page fails for busy phone users before it can report that they were there.
    make(
      'search_ranking',
      'search',
      [70, 28],
      'cart',
      constant(0),
      'A new ranking of search results helps to find what one would buy.',
      { losesExposures: true },
    ),
    // Uneven: a careful start with a tenth of the users.
    make(
      'related_titles',
      'player',
      [80, 28],
      'play',
      constant(0.06),
      'Related titles under the player lead to another play.',
      { treatmentShares: countries.map(() => 0.1) },
    ),
    make(
      'autoplay_next',
      'player',
      [108, 34],
      'play',
      constant(0.1),
      'Starting the next part by itself makes people play more.',
    ),
    // Helps some and hurts others: what is easy to hit with a thumb is in the way of a mouse.
    make(
      'big_cart_button',
      'shop',
      [108, 28],
      'cart',
      { kind: 'by_device', lifts: { phone: 0.14, tablet: 0.05, desktop: -0.12, tv: 0 } },
      'A larger button turns more carts into orders.',
    ),
    // Novelty: what is new is tried, and then it is not new.
    make(
      'daily_streaks',
      'player',
      [114, 36],
      'play',
      { kind: 'novelty', atFirst: 0.35, decayDays: 6 },
      'Counting the days in a row makes people play more.',
    ),
  ]
}

function liftBy(law: LiftLaw): Experiment['liftOf'] {
  switch (law.kind) {
    case 'constant':
      return () => law.lift
    case 'by_device': {
      const lifts = devices.map(({ device }) => law.lifts[device] ?? 0)
      return (device) => lifts[device]!
    }
    case 'novelty': {
      const lifts = Array.from({ length: 400 }, (_, day) => noveltyLift(law, day))
      return (_, days) => lifts[days] ?? 0
    }
  }
}

/** The lift of a novelty so many whole days after the exposure. */
export function noveltyLift(
  { atFirst, decayDays }: Extract<LiftLaw, { kind: 'novelty' }>,
  day: number,
): number {
  return atFirst * Math.exp(-day / decayDays)
}

/** The largest factor by which treatments that run at the same time can raise the lever. */
export function largestFactor(experiments: readonly Experiment[], lever: Lever, days: number): number {
  let largest = 1
  for (let day = 0; day < days; day++) {
    const factors = experiments
      .filter((entry) => entry.lever === lever && day >= entry.startDay && day < entry.endDay)
      .map(({ liftOf }) => 1 + Math.max(0, ...devices.map((_, device) => liftOf(device, 0))))
    largest = Math.max(
      largest,
      factors.reduce((product, factor) => product * factor, 1),
    )
  }
  return largest
}

/** The arm of a user, the same whenever it is asked for: 0 control, 1 treatment. */
export function armOf(userId: number, country: number, experiment: Experiment): number {
  return hashUnit(userId, experiment.salt) < experiment.treatmentShares[country]! ? 1 : 0
}

/** Is the exposure of this treated user on record? Where exposures get lost, busy phone users are the ones who are missing. */
export function isRecorded(userId: number, user: User, arm: number, experiment: Experiment): boolean {
  if (!experiment.losesExposures || arm === 0 || devices[user.device]!.device !== 'phone') return true
  return hashUnit(userId, experiment.salt + 1) >= Math.min(0.7, 0.8 * user.sessionsPerDay)
}

export function startOf({ startDay }: Experiment, params: WorldParams): number {
  return startMicros(params) + startDay * microsPerDay
}

/** The first instant after an experiment. */
export function endOf({ endDay }: Experiment, params: WorldParams): number {
  return startMicros(params) + endDay * microsPerDay
}
