import { type Experiment, type LiftLaw, noveltyLift } from './experiments.ts'
import { type Rollout, rolloutFeature } from './rollout.ts'

/** A known effect: the row of `truth.effects`. */
export interface TrueEffect {
  readonly experiment: string
  readonly metric: string
  readonly scale: 'relative' | 'absolute'
  /** Whose effect it is; 'all' for everybody. */
  readonly segmentName: string
  readonly segmentValue: string
  readonly value: number
  readonly description: string
}

const cartMetrics = ['revenue_per_user', 'orders_per_user']
const playMetrics = ['plays_per_user']
const untouched = ['sessions_per_user', 'carts_per_user']
/** Days since exposure for which the effect of a novelty is written down. */
const noveltyDays = 36

/** A known effect of the roll-out: the row of `truth.rollout_effects`. */
export interface RolloutEffect {
  readonly estimand: 'ate' | 'att' | 'att_relative'
  readonly outcome: string
  readonly value: number
}

/** What the roll-out does to the share of carts that is bought: as a share of it, and at the mean over users. */
export function rolloutEffects({ lift }: Rollout, meanPurchaseProbability: number): RolloutEffect[] {
  const outcome = 'order_rate'
  const value = lift * meanPurchaseProbability
  return [
    { estimand: 'ate', outcome, value },
    { estimand: 'att', outcome, value },
    { estimand: 'att_relative', outcome, value: lift },
  ]
}

/**
 * What the experiments truly do. A treated user's carts are (1 + lift) times as likely to be bought at the same price,
 * or another play follows a play with the probability `lift`: so the relative change of orders and revenue, or of
 * plays, is the lift itself. Other treatments multiply in, in both arms alike, and change nothing about that. All else
 * does not depend on the arm: the truth about it is zero on either scale.
 */
export function trueEffects(experiments: readonly Experiment[], rollout: Rollout): TrueEffect[] {
  return [
    ...experiments.flatMap(effectsOf),
    ...cartMetrics.map((metric) =>
      effect(
        rolloutFeature,
        metric,
        'relative',
        rollout.lift,
        'change of the probability that a cart is bought, where the feature came',
      ),
    ),
  ]
}

function effectsOf({ id, lever, law }: Experiment): TrueEffect[] {
  const moved = lever === 'cart' ? cartMetrics : playMetrics
  const still = [...(lever === 'cart' ? playMetrics : cartMetrics), ...untouched]
  const reason =
    lever === 'cart'
      ? 'change of the probability that a cart is bought'
      : 'probability of another play after a play'
  const zero = (metric: string): TrueEffect[] => [
    effect(id, metric, 'relative', 0, 'does not depend on the arm'),
    effect(id, metric, 'absolute', 0, 'does not depend on the arm'),
  ]
  const isZero = law.kind === 'constant' && law.lift === 0
  return [
    ...(isZero ? moved.flatMap(zero) : moved.flatMap((metric) => movedBy(id, metric, law, reason))),
    ...still.flatMap(zero),
  ]
}

/** The effect on a metric that the lever moves: for everybody, or for each segment where it differs. */
function movedBy(id: string, metric: string, law: LiftLaw, reason: string): TrueEffect[] {
  switch (law.kind) {
    case 'constant':
      return [effect(id, metric, 'relative', law.lift, reason)]
    case 'by_device':
      return Object.entries(law.lifts).map(([device, lift]) =>
        effect(id, metric, 'relative', lift, reason, 'device_type', device),
      )
    case 'novelty':
      return Array.from({ length: noveltyDays }, (_, day) =>
        effect(id, metric, 'relative', noveltyLift(law, day), reason, 'days_since_exposure', String(day)),
      )
  }
}

function effect(
  experiment: string,
  metric: string,
  scale: TrueEffect['scale'],
  value: number,
  description: string,
  segmentName = 'all',
  segmentValue = 'all',
): TrueEffect {
  return { experiment, metric, scale, segmentName, segmentValue, value, description }
}
