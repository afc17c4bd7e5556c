import {
  experimentPower,
  isRefused,
  type JointMoments,
  mergeJointMoments,
  metricHistory,
  minimumDetectableEffect,
  requiredUnits,
  runTime,
} from '../../stats/index.ts'
import type { ExperimentCell } from '../experiment/cell.ts'

/** What is asked of a plan. */
export interface PowerQuestion {
  /** Two-sided error. */
  readonly alpha: number
  /** Probability of finding the effect. */
  readonly power: number
  /** Units of the treatment over those of the control. */
  readonly ratio: number
  /** Share of the units seen that both arms get together. */
  readonly share: number
  /** Relative effects that are to be found, by metric; without one only what can be found is told. */
  readonly effects: ReadonlyMap<string, number>
}

/** What can be found in one metric after so many days. */
export interface PowerPoint {
  readonly days: number
  readonly units: number
  /** Smallest relative effect that is found with the power that was asked for; null where none can. */
  readonly smallestEffect: number | null
  /** The same once the covariates from before are taken out; null without covariates. */
  readonly smallestAdjusted: number | null
  /** Power for the effect that is to be found, with covariates where there are any; null without one. */
  readonly power: number | null
}

export interface MetricPower {
  readonly metric: string
  readonly mean: number
  readonly standardDeviation: number
  /** Share of the variance that the covariates explain. */
  readonly explained: number
  readonly points: readonly PowerPoint[]
  /** Of the effect that is to be found. */
  readonly effect: number | null
  readonly unitsNeeded: number | null
  readonly daysNeeded: number | null
  /** Whether the days lie beyond what was seen, which is carried on at the pace of its last week. */
  readonly isExtrapolated: boolean
  /** Why nothing can be said. */
  readonly refusal: string | null
}

/**
 * What an experiment on such units can find: from the state of each metric at the end of each day, all arms together.
 *
 * `cells` are those of the whole population. A unit's total grows with the days, so mean and variance are those of each
 * day's state; days beyond are told with the last.
 */
export function planPower(
  cells: readonly ExperimentCell[],
  kinds: ReadonlyMap<string, 'mean' | 'ratio'>,
  question: PowerQuestion,
): MetricPower[] {
  return [...kinds].map(([metric, kind]) => ofMetric(metric, kind, statesOf(cells, metric), question))
}

interface DayState {
  readonly days: number
  readonly units: number
  readonly moments: JointMoments
}

/** The arms together at the end of each day, counted from the first that has units. */
function statesOf(cells: readonly ExperimentCell[], metric: string): DayState[] {
  const own = cells.filter(
    (cell) => cell.outcome === metric && cell.segmentName === null && cell.stratum === null,
  )
  const days = [...new Set(own.map(({ day }) => day))].toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))
  const states = days.map((day) => {
    const arms = own.filter((cell) => cell.day === day && cell.moments.n > 0)
    const [first, ...others] = arms.map(({ moments }) => moments)
    return {
      units: arms.reduce((sum, { units }) => sum + units, 0),
      moments: first && others.reduce(mergeJointMoments, first),
    }
  })
  return states
    .filter((state): state is { units: number; moments: JointMoments } => state.moments !== undefined)
    .map((state, index) => ({ ...state, days: index + 1 }))
}

function ofMetric(
  metric: string,
  kind: 'mean' | 'ratio',
  states: readonly DayState[],
  question: PowerQuestion,
): MetricPower {
  const effect = question.effects.get(metric) ?? null
  const nothing = {
    ...{ metric, mean: Number.NaN, standardDeviation: Number.NaN, explained: 0, points: [], effect },
    ...{ unitsNeeded: null, daysNeeded: null, isExtrapolated: false },
  }
  const last = states.at(-1)
  if (!last) return { ...nothing, refusal: 'no units were seen' }
  const known = metricHistory(last.moments, kind)
  if (isRefused(known)) return { ...nothing, refusal: known.refused }
  const newUnits = states.map(({ units }, index) => units - (states[index - 1]?.units ?? 0))
  const needed = effect === null ? null : requiredUnits(designOf(known, question), effect, question.power)
  const unitsNeeded = typeof needed === 'number' ? needed : null
  const time = unitsNeeded === null ? null : runTime({ newUnits, share: question.share }, unitsNeeded)
  const days = time === null || isRefused(time) ? null : time
  return {
    ...nothing,
    mean: known.mean,
    standardDeviation: Math.sqrt(known.variance / (1 - known.explained)),
    explained: known.explained,
    points: states.map((state) => pointOf(state, kind, effect, question)),
    unitsNeeded,
    daysNeeded: days?.days ?? null,
    isExtrapolated: days?.isExtrapolated ?? false,
    refusal: null,
  }
}

function pointOf(
  { days, units, moments }: DayState,
  kind: 'mean' | 'ratio',
  effect: number | null,
  question: PowerQuestion,
): PowerPoint {
  const n = units * question.share
  const adjusted = metricHistory(moments, kind)
  const smallest = (variance: number, mean: number): number | null => {
    const found = minimumDetectableEffect(designOf({ variance, mean }, question), question.power, n)
    return typeof found === 'number' ? found : null
  }
  if (isRefused(adjusted)) return { days, units, smallestEffect: null, smallestAdjusted: null, power: null }
  const { mean, variance, explained } = adjusted
  const power = effect === null ? null : experimentPower(designOf(adjusted, question), effect, n)
  return {
    days,
    units,
    smallestEffect: smallest(variance / (1 - explained), mean),
    smallestAdjusted: explained > 0 ? smallest(variance, mean) : null,
    power: typeof power === 'number' ? power : null,
  }
}

function designOf(
  { variance, mean }: { readonly variance: number; readonly mean: number },
  { alpha, ratio }: PowerQuestion,
) {
  return { variance, mean, scale: 'relative', ratio, alpha } as const
}
