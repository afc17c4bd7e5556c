import { dayMicros, requireWholes, seedRange } from '../parameters.ts'

/*
 * What a world is made from. Everything is a plain value, so that YAML, vars and worker threads can carry it.
 */

/** The parameters of the product world, as `pipelines/product.yml` names them. */
export interface WorldParams {
  /** Events in all, exactly. */
  readonly events: number
  readonly seed: number
  /** The launch: the first day, in UTC. */
  readonly start_date: string
  /** Days from the launch to the end of the data. */
  readonly days: number
  /** Day on which the A/A test begins, counted from the launch. */
  readonly aa_start_day: number
  readonly aa_days: number
  /** Day on which the test of the one-tap checkout begins. */
  readonly one_tap_start_day: number
  readonly one_tap_days: number
  /** How much likelier a treated user buys what is in the cart: 0.15 is 15 % more. */
  readonly one_tap_lift: number
  /** How much likelier a cart is bought where the rolled-out feature came: 0.1 is 10 % more. */
  readonly rollout_lift: number
}

/** The launch as microseconds since 1970. */
export function startMicros(params: WorldParams): number {
  return dayMicros('start_date', params.start_date)
}

/** Refuses parameters that make no world, naming the one at fault. */
export function checkParams(params: WorldParams): void {
  requireWholes(params, {
    events: [1, 1e9],
    seed: seedRange,
    days: [2, 3650],
    aa_start_day: [0, 3650],
    aa_days: [0, 3650],
    one_tap_start_day: [0, 3650],
    one_tap_days: [0, 3650],
  })
  if (params.aa_start_day + params.aa_days > params.one_tap_start_day)
    throw new Error('the A/A test must end before the one-tap test starts: an event names one experiment')
  for (const name of ['one_tap_lift', 'rollout_lift'] as const)
    if (!(params[name] > -1 && params[name] <= 10))
      throw new Error(`${name} must be above -1 and at most 10, and is ${params[name]}`)
  startMicros(params)
}
