import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { type ArmMoments, mergeMoments } from './arm-moments.ts'
import { checkControlMean } from './relative-lift.ts'

/** The two arms within one stratum. */
export interface Stratum {
  readonly treatment: ArmMoments
  readonly control: ArmMoments
  /**
   * What the stratum weighs: its units in all arms, or in the population. If not given, its units in these two arms.
   * Either all strata have it or none.
   */
  readonly weight?: number
}

/** Options of `stratifiedDifference`. */
export interface StratifiedOptions extends InferenceOptions {
  /**
   * 'absolute' (the default) for the difference, 'relative' for the lift over the stratified control mean.
   */
  readonly scale?: 'absolute' | 'relative'
  /**
   * 'fixed' (the default) when units were randomised within strata; 'random' when strata were formed
   * afterwards, whose sizes then vary from sample to sample (post-stratification) and add to the variance.
   */
  readonly weights?: 'fixed' | 'random'
}

/** Sums over strata that both scales need. */
interface Totals {
  /** Weighted mean of control, and weighted effect. */
  readonly controlMean: number
  readonly effect: number
  /** Their variances and covariance. */
  readonly controlVariance: number
  readonly effectVariance: number
  readonly covariance: number
}

/**
 * The difference in means within strata, averaged with the strata's shares of the units.
 *
 * Inputs: both arms' moments in every stratum. Degrees of freedom are units less two per stratum for fixed
 * weights, infinite for random ones. Refuses no strata, a stratum with fewer than 2 units in an arm (see
 * `mergeThinStrata`), weights that are negative or given for some strata only, no variance in any stratum, and on
 * the relative scale a control mean of zero. Source: Miratrix, Sekhon, Yu
 * (2013), "Adjusting treatment effect estimates by post-stratification in randomized experiments", JRSS B 75;
 * for random weights the multinomial variance (1/n)·[Σw·τ² − (Σw·τ)²] is added, and with it the covariance
 * that the relative scale needs.
 */
export function stratifiedDifference(
  strata: readonly Stratum[],
  options: StratifiedOptions = {},
): Inference | Refusal {
  if (strata.length === 0) return refuse('there are no strata')
  const invalid = strata.map(checkStratum).find((problem) => problem !== undefined)
  if (invalid) return invalid
  const given = strata.filter(({ weight }) => weight !== undefined).length
  if (given !== 0 && given !== strata.length) return refuse('only some of the strata have a weight')
  const n = strata.reduce((sum, { treatment, control }) => sum + treatment.n + control.n, 0)
  const totals = totalsOf(strata, n, options.weights ?? 'fixed')
  const degreesOfFreedom = options.weights === 'random' ? Infinity : n - 2 * strata.length
  if (options.scale !== 'relative')
    return waldInference(totals.effect, Math.sqrt(totals.effectVariance), degreesOfFreedom, options)
  const problem = checkControlMean(totals.controlMean)
  if (problem) return problem
  const lift = totals.effect / totals.controlMean
  const variance = totals.effectVariance - 2 * lift * totals.covariance + lift * lift * totals.controlVariance
  const base = Math.abs(totals.controlMean)
  return waldInference(totals.effect / base, Math.sqrt(variance) / base, degreesOfFreedom, options)
}

function checkStratum({ treatment, control, weight = 1 }: Stratum, index: number): Refusal | undefined {
  const where = `stratum ${index + 1}`
  for (const [name, arm] of [
    ['treatment', treatment],
    ['control', control],
  ] as const) {
    if (!(arm.n >= 2))
      return refuse(`${where}: too few units: the ${name} arm has ${arm.n}, and at least 2 are needed`)
    if (!(Number.isFinite(arm.mean) && arm.variance >= 0 && arm.variance < Infinity))
      return refuse(`${where}: mean and variance of the ${name} arm are not finite numbers`)
  }
  return weight >= 0 && weight < Infinity ? undefined : refuse(`${where}: the weight is negative`)
}

/** Strata that can be compared, and how many had to be joined for it. */
export interface MergedStrata {
  readonly strata: readonly Stratum[]
  /** Strata that were joined with others because an arm had too few of their units. */
  readonly merged: number
}

/**
 * Joins the strata in which an arm has fewer than `least` units (2 if not given) into one, and that with the smallest
 * of the others if it is still thin; strata without units are left out.
 *
 * What is left may still be thin, if all strata are: `stratifiedDifference` then refuses. Joining by size alone, and
 * never by outcome, keeps the estimate free of bias.
 */
export function mergeThinStrata(strata: readonly Stratum[], least = 2): MergedStrata {
  const isThin = ({ treatment, control }: Stratum) => treatment.n < least || control.n < least
  const inhabited = strata.filter(({ treatment, control }) => treatment.n + control.n > 0)
  const thin = inhabited.filter(isThin)
  const thick = inhabited
    .filter((stratum) => !isThin(stratum))
    .sort((a, b) => a.treatment.n + a.control.n - b.treatment.n - b.control.n)
  if (thin.length === 0) return { strata: thick, merged: 0 }
  const rest = thin.reduce(joinStrata)
  const [smallest, ...others] = thick
  if (isThin(rest) && smallest)
    return { strata: [...others, joinStrata(rest, smallest)], merged: thin.length + 1 }
  return { strata: [...thick, rest], merged: thin.length }
}

function joinStrata(a: Stratum, b: Stratum): Stratum {
  const joined = {
    treatment: mergeMoments(a.treatment, b.treatment),
    control: mergeMoments(a.control, b.control),
  }
  return a.weight === undefined || b.weight === undefined
    ? joined
    : { ...joined, weight: a.weight + b.weight }
}

function totalsOf(strata: readonly Stratum[], n: number, weights: 'fixed' | 'random'): Totals {
  const weightOf = ({ weight, treatment, control }: Stratum) => weight ?? treatment.n + control.n
  const all = strata.reduce((sum, stratum) => sum + weightOf(stratum), 0)
  const rows = strata
    .map((stratum) => ({ ...stratum, share: weightOf(stratum) / all }))
    .map(({ treatment, control, share }) => ({
      weight: share,
      controlMean: control.mean,
      effect: treatment.mean - control.mean,
      controlPart: control.variance / control.n,
      effectPart: treatment.variance / treatment.n + control.variance / control.n,
    }))
  const average = (value: (row: (typeof rows)[number]) => number) =>
    rows.reduce((sum, row) => sum + row.weight * value(row), 0)
  const controlMean = average((row) => row.controlMean)
  const effect = average((row) => row.effect)
  // Spread of the strata around their average, which counts only when their weights are random.
  const between = (a: 'controlMean' | 'effect', b: 'controlMean' | 'effect') => {
    const centers = { controlMean, effect }
    return weights === 'fixed' ? 0 : average((row) => (row[a] - centers[a]) * (row[b] - centers[b])) / n
  }
  return {
    controlMean,
    effect,
    controlVariance: average((row) => row.weight * row.controlPart) + between('controlMean', 'controlMean'),
    effectVariance: average((row) => row.weight * row.effectPart) + between('effect', 'effect'),
    covariance: average((row) => -row.weight * row.controlPart) + between('controlMean', 'effect'),
  }
}
