import { makeRandom, type Random } from '../../stats/index.ts'
import type { ExperimentCell } from '../experiment/cell.ts'
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

/**
 * Draws one replication: as many units as there are, with replacement, each put into an arm at random, the treated
 * ones' outcomes multiplied. Cells are cumulative to each day, as a running experiment is seen.
 *
 * Since units are drawn from the population, its mean times the lift is the true effect, and what the replications
 * say holds for data of just this shape: skewed, with many zeros, correlated with what was before.
 */
export function drawReplication(population: Population, plan: ReplicationPlan): ExperimentCell[] {
  const random = makeRandom(plan.seed, plan.replication)
  const drawn = drawInOrder(population, random)
  const sums = plan.arms.map(() => population.outcomes.map((outcome) => makeSums(outcome)))
  const cells: ExperimentCell[] = []
  let next = 0
  for (const [day, date] of population.days.entries()) {
    for (; next < drawn.length && population.exposedDay[drawn[next]!]! <= day; next++) {
      const arm = drawArm(plan.arms, random)
      for (const outcome of sums[arm]!) outcome.add(drawn[next]!, arm === 0 ? 0 : plan.lift, random)
    }
    for (const [arm, { name }] of plan.arms.entries())
      for (const outcome of sums[arm]!) cells.push(outcome.cell(name, date))
  }
  return cells
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

interface Sums {
  /** Adds a unit of the population, its outcome multiplied by 1 + lift. */
  add(unit: number, lift: number, random: Random): void
  cell(arm: string, day: string): ExperimentCell
}

/**
 * Sums around the population's means, so that nothing cancels (Chan, Golub, LeVeque 1983, "shifted data").
 */
function makeSums({ name, kind, variables, values }: AuditedOutcome): Sums {
  const width = values.length
  const shifts = values.map(mean)
  const share = shifts[0]!
  const first = new Float64Array(width)
  const products = new Float64Array(width * width)
  const unitValues = new Float64Array(width)
  const outcomeWidth = kind === 'ratio' ? 2 : 1
  let n = 0

  function treated(y: number, lift: number, random: Random): number {
    if (kind !== 'proportion') return y * (1 + lift)
    // A yes stays one or a no becomes one so often that the share is multiplied.
    if (lift >= 0) return y === 1 || random.uniform() < (share * lift) / (1 - share) ? 1 : 0
    return y === 1 && random.uniform() >= -lift ? 1 : 0
  }

  function momentsOf(size: number) {
    const means = Array.from({ length: size }, (_, i) => shifts[i]! + first[i]! / n)
    const covariances = means.map((_, i) =>
      means.map((__, j) => (products[i * width + j]! - (first[i]! * first[j]!) / n) / (n - 1)),
    )
    return { n, means, covariances }
  }

  return {
    add(unit, lift, random) {
      n++
      for (let i = 0; i < width; i++) {
        const value = values[i]![unit]!
        unitValues[i] = (i === 0 && lift !== 0 ? treated(value, lift, random) : value) - shifts[i]!
      }
      for (let i = 0; i < width; i++) {
        const value = unitValues[i]!
        first[i]! += value
        for (let j = 0; j <= i; j++) {
          const product = value * unitValues[j]!
          products[i * width + j]! += product
          if (j < i) products[j * width + i]! += product
        }
      }
    },
    cell: (arm, day) => ({
      outcome: name,
      arm,
      segmentName: null,
      segmentValue: null,
      stratum: null,
      day,
      units: n,
      missing: 0,
      variables,
      moments: momentsOf(width),
      outcomeMoments: momentsOf(outcomeWidth),
    }),
  }
}
