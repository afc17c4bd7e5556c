import { sortedQuantile } from '../../experiment/quantile-effect.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import type { TreatedUnits } from '../units.ts'
import {
  type DrawnUnits,
  drawPerturbation,
  type PermutedTreatment,
  type PerturbationOptions,
  type SimulatedRefuter,
} from './perturbation.ts'
import type { Reestimator } from './reestimate.ts'

/** What a refuter found. */
export interface Refutation {
  readonly refuter: string
  readonly passes: boolean
  /** In plain words, beginning with 'passes' or 'fails'. */
  readonly verdict: string
  /** The estimate that is put to the test. */
  readonly original: number
  /** Mean over the simulations. */
  readonly estimate: number
  /** Standard deviation of the simulations, not of their mean. */
  readonly stdError: number
  /** 2.5 and 97.5 % of the simulations. */
  readonly ciLower: number
  readonly ciUpper: number
  /** How far out the expected value lies in the simulations, two-sided; small is a problem. */
  readonly pValue: number
  readonly simulations: number
  /** Simulations that gave no estimate. */
  readonly refusals: number
}

export interface SimulationOptions extends PerturbationOptions {
  /** First and one past the last simulation to run, so that threads may share them. */
  readonly from?: number
  readonly to?: number
}

/** Simulations of a refuter, where not said otherwise. */
export const defaultSimulations = 100

/**
 * The effects that changed data give, simulation by simulation, NaN where there was none.
 *
 * Simulation i gives the same effect whoever runs it, and whatever others are run.
 */
export function simulateRefuter<T extends PermutedTreatment = Uint8Array>(
  refuter: SimulatedRefuter,
  units: DrawnUnits<T>,
  reestimate: Reestimator<T>,
  { from = 0, to = defaultSimulations, ...options }: SimulationOptions = {},
): Float64Array {
  const effects = new Float64Array(to - from)
  for (let simulation = from; simulation < to; simulation++) {
    const result = reestimate(drawPerturbation(refuter, units, simulation, options))
    effects[simulation - from] = typeof result === 'number' ? result : Number.NaN
  }
  return effects
}

/** Most simulations that may have no estimate. */
const mostRefusals = 0.1
/** Below it the expected value is called outside of the simulations. */
const smallestPValue = 0.05
/** With fewer even a value beyond all simulations has a p-value of 0.05 or more, so that nothing could fail. */
const fewestSimulations = 40
/** A change of this part of the estimate's standard error is none. */
const noChange = 0.1

const subjects: Record<SimulatedRefuter, string> = {
  placebo_treatment: 'placebo effect',
  dummy_outcome: 'effect on a dummy outcome',
  random_common_cause: 'effect with a random common cause',
  data_subset: 'effect on subsets',
  bootstrap: 'effect on bootstrap samples',
}

/**
 * Whether a refuter's simulations speak for the estimate, with the reason in plain words.
 *
 * A placebo and a dummy outcome should have no effect: 0 has to lie among the simulated effects. The others should not
 * change the effect: the original has to lie among them, or be less than a tenth of its standard error from their mean. The
 * p-value is min(1, 2·(number beyond + 1)/(simulations + 1)) (Davison and Hinkley 1997, 4.2); below 0.05 the refuter
 * fails. Refuses fewer than 40 simulations with an estimate, as nothing could fail, and where more than a tenth had none.
 */
export function judgeRefuter(
  refuter: SimulatedRefuter,
  original: { readonly estimate: number; readonly stdError: number },
  effects: Float64Array,
): Refutation | Refusal {
  const found = effects.filter(Number.isFinite).sort()
  const refusals = effects.length - found.length
  if (effects.length < fewestSimulations)
    return refuse(`too few simulations: ${effects.length}, and at least ${fewestSimulations} are needed`)
  if (refusals > mostRefusals * effects.length)
    return refuse(`${refusals} of ${effects.length} simulations have no estimate`)
  if (found.length < fewestSimulations)
    return refuse(
      `too few simulations: ${found.length} of ${effects.length} have an estimate, and at least ${fewestSimulations} are needed`,
    )
  const isNull = refuter === 'placebo_treatment' || refuter === 'dummy_outcome'
  const expected = isNull ? 0 : original.estimate
  const mean = found.reduce((sum, effect) => sum + effect, 0) / found.length
  const stdError = Math.sqrt(
    found.reduce((sum, effect) => sum + (effect - mean) ** 2, 0) / (found.length - 1),
  )
  const pValue = placeOf(expected, found)
  const isStill = !isNull && Math.abs(mean - expected) <= noChange * original.stdError
  const passes = pValue >= smallestPValue || isStill
  const noise = `(${short(stdError)} around it)`
  const sentence = isNull
    ? `${subjects[refuter]} ${short(mean)}, ${passes ? 'within noise' : 'not the 0 that it should be'} ${noise}`
    : `${subjects[refuter]} ${short(mean)}, ${passes ? 'as good as' : 'and not'} the ${short(expected)} before ${noise}`
  return {
    refuter,
    passes,
    verdict: `${passes ? 'passes' : 'fails'}: ${sentence}`,
    original: original.estimate,
    estimate: mean,
    stdError,
    ciLower: sortedQuantile(found, 0.025),
    ciUpper: sortedQuantile(found, 0.975),
    pValue,
    simulations: effects.length,
    refusals,
  }
}

/** The two-sided p-value of a value among simulated ones, in ascending order. */
function placeOf(value: number, sorted: Float64Array): number {
  let [below, above] = [0, 0]
  for (const effect of sorted) {
    if (effect <= value) below++
    if (effect >= value) above++
  }
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (sorted.length + 1))
}

/** Three digits, as people write numbers. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const rounded = Number(value.toPrecision(3))
  return String(Object.is(rounded, -0) ? 0 : rounded)
}

/** Runs a refuter's simulations and judges them, on one thread. */
export function refute(
  refuter: SimulatedRefuter,
  units: TreatedUnits,
  original: { readonly estimate: number; readonly stdError: number },
  reestimate: Reestimator,
  {
    simulations = defaultSimulations,
    ...options
  }: PerturbationOptions & { readonly simulations?: number } = {},
): Refutation | Refusal {
  const effects = simulateRefuter(refuter, units, reestimate, { ...options, to: simulations })
  const result = judgeRefuter(refuter, original, effects)
  return isRefused(result) ? refuse(`${refuter}: ${result.refused}`) : result
}
