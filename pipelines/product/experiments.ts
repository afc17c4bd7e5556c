import { hashKey, hashUnit } from 'estimand'
import { microsPerDay } from '../parameters.ts'
import { startMicros, type WorldParams } from './params.ts'

/*
 * The experiments of the world. Users are assigned by a hash, half to each arm, and are exposed by their first event
 * on or after the start. The windows do not overlap, so an event belongs to one experiment or to none.
 */

export interface Experiment {
  readonly id: string
  readonly hypothesis: string
  readonly startMicros: number
  /** First instant after the experiment. */
  readonly endMicros: number
  /** Makes the experiment's assignment independent of every other's, and of the same one's in another world. */
  readonly salt: number
  /** Relative change of the probability that a treated user buys what is in the cart. */
  readonly lift: number
}

/** A known effect: the row of `truth.effects`. */
export interface TrueEffect {
  readonly experiment: string
  readonly metric: string
  readonly scale: 'relative' | 'absolute'
  readonly value: number
  readonly description: string
}

export const arms = ['control', 'treatment'] as const

/** The experiments, in order of time. */
export function makeExperiments(params: WorldParams): readonly Experiment[] {
  const salt = (id: string) => hashKey(id, params.seed)
  const at = (day: number) => startMicros(params) + day * microsPerDay
  return [
    {
      id: 'player_telemetry_aa',
      salt: salt('player_telemetry_aa'),
      hypothesis: 'An A/A test: both arms see the same player, so no metric may move.',
      startMicros: at(params.aa_start_day),
      endMicros: at(params.aa_start_day + params.aa_days),
      lift: 0,
    },
    {
      id: 'one_tap_checkout',
      salt: salt('one_tap_checkout'),
      hypothesis: 'Buying with one tap turns more carts into orders and leaves engagement as it is.',
      startMicros: at(params.one_tap_start_day),
      endMicros: at(params.one_tap_start_day + params.one_tap_days),
      lift: params.one_tap_lift,
    },
  ]
}

/** The arm of a user, the same whenever it is asked for: 0 control, 1 treatment. */
export function armOf(userId: number, experiment: Experiment): number {
  return hashUnit(userId, experiment.salt) < 0.5 ? 0 : 1
}

/**
 * What the experiments truly do. Orders and revenue of a treated user follow the same law as a control's with each
 * cart (1 + lift) times as likely to be bought, at the same price: so the relative change of both is the lift itself.
 * Nothing else depends on the arm: the truth about it is zero on either scale.
 */
export function trueEffects(experiments: readonly Experiment[]): TrueEffect[] {
  return experiments.flatMap(({ id, lift }) => [
    ...['revenue_per_user', 'orders_per_user'].flatMap((metric) => [
      effect(id, metric, 'relative', lift, 'change of the probability that a cart is bought'),
      ...(lift === 0 ? [effect(id, metric, 'absolute', 0, 'the arms see the same product')] : []),
    ]),
    ...['sessions_per_user', 'plays_per_user', 'carts_per_user'].flatMap((metric) => [
      effect(id, metric, 'relative', 0, 'does not depend on the arm'),
      effect(id, metric, 'absolute', 0, 'does not depend on the arm'),
    ]),
  ])
}

function effect(
  experiment: string,
  metric: string,
  scale: TrueEffect['scale'],
  value: number,
  description: string,
): TrueEffect {
  return { experiment, metric, scale, value, description }
}
