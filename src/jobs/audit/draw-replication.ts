import { makeRandom, type Random } from '../../stats/index.ts'
import type { TextColumn } from '../experiment/data/binary-rows.ts'
import { type AuditedOutcome, mean, type Population } from './population.ts'

export interface ReplicationPlan {
  readonly seed: number
  /** Number of the replication: the stream of random numbers, so that each can be drawn by itself. */
  readonly replication: number
  /** Arms with their shares; the first one is the control. */
  readonly arms: readonly { readonly name: string; readonly share: number }[]
  /** How much the treatments multiply an outcome, less one; 0 for an A/A test. */
  readonly lift: number
}

/** Units that might have been those of the experiment, in the order in which they were exposed. */
export interface Replication {
  readonly n: number
  readonly armNames: readonly string[]
  /** By unit, the index of its arm. */
  readonly arms: Int32Array
  /** By unit, the index of the day of its exposure. */
  readonly exposedDay: Int32Array
  /** The variables of each outcome, in the order of the population's. */
  readonly values: readonly (readonly Float64Array[])[]
  /** By unit, where the design has any. */
  readonly strata?: TextColumn
  readonly cluster?: TextColumn
  readonly segments?: ReadonlyMap<string, TextColumn>
}

/**
 * Draws one replication: as many units as there are, with replacement, each put into an arm at random, the treated
 * ones' outcomes multiplied.
 *
 * Since units are drawn from the population, its mean times the lift is the true effect, and what the replications
 * say holds for data of just this shape: skewed, with many zeros, correlated with what was before.
 */
export function drawReplication(population: Population, plan: ReplicationPlan): Replication {
  const random = makeRandom(plan.seed, plan.replication)
  const drawn = drawInOrder(population, random)
  const arms = Int32Array.from(drawn, () => drawArm(plan.arms, random))
  return {
    n: drawn.length,
    armNames: plan.arms.map(({ name }) => name),
    arms,
    exposedDay: Int32Array.from(drawn, (unit) => population.exposedDay[unit]!),
    values: population.outcomes.map((outcome) => {
      const [y, ...others] = outcome.values.map((values) => Float64Array.from(drawn, (unit) => values[unit]!))
      return [treat(y!, arms, outcome, plan.lift, random), ...others]
    }),
  }
}

/** Indexes of the drawn units, those exposed first before the others. */
function drawInOrder({ units, days, exposedDay }: Population, random: Random): Int32Array {
  const picks = new Int32Array(units)
  const counts = new Int32Array(days.length + 1)
  for (let index = 0; index < units; index++) {
    const pick = random.int(units)
    picks[index] = pick
    counts[exposedDay[pick]! + 1]!++
  }
  for (let day = 0; day < days.length; day++) counts[day + 1]! += counts[day]!
  const ordered = new Int32Array(units)
  for (const pick of picks) ordered[counts[exposedDay[pick]!]!++] = pick
  return ordered
}

function drawArm(arms: ReplicationPlan['arms'], random: Random): number {
  const total = arms.reduce((sum, { share }) => sum + share, 0)
  let left = random.uniform() * total
  for (const [index, { share }] of arms.entries()) {
    left -= share
    if (left < 0) return index
  }
  return arms.length - 1
}

/** Multiplies the outcomes of all arms but the first, in place; of a yes/no the share of yes. */
function treat(
  y: Float64Array,
  arms: Int32Array,
  { kind, values }: AuditedOutcome,
  lift: number,
  random: Random,
): Float64Array {
  if (lift === 0) return y
  const share = mean(values[0]!)
  for (let unit = 0; unit < y.length; unit++) {
    if (arms[unit] === 0) continue
    if (kind !== 'proportion') y[unit]! *= 1 + lift
    else if (lift > 0) y[unit] = y[unit] === 1 || random.uniform() < (share * lift) / (1 - share) ? 1 : 0
    else y[unit] = y[unit] === 1 && random.uniform() >= -lift ? 1 : 0
  }
  return y
}
