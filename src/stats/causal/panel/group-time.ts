import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { fitBinary } from '../../regression/binary-regression.ts'
import { withIntercept } from '../../regression/design.ts'
import type { CausalEffect } from '../effect.ts'
import { naiveDifference } from '../naive-difference.ts'
import { fitGroup, regressionAdjustment } from '../outcome-regression.ts'
import type { TreatedUnits } from '../units.ts'
import { inverseProbabilityWeighting } from '../weighting.ts'
import { errorInFrame, type InfluenceFrame, tooFewClusters } from './influence-frame.ts'
import { never, outcomesAt, type Panel } from './panel.ts'
import { type PanelMoments, pooledContrast } from './panel-moments.ts'

/** Who stands for what would have been: units never treated, or also those not treated yet. */
export type ControlGroup = 'never_treated' | 'not_yet_treated'

export interface GroupTimeOptions extends InferenceOptions {
  /** 'never_treated' if not given. */
  readonly control?: ControlGroup
  /** How covariates are held fixed; 'doubly_robust' if not given. Without covariates all are the same. */
  readonly method?: 'doubly_robust' | 'regression' | 'weighting'
  /**
   * What a period before treatment is compared with: the one before it ('varying', if not given), or always the last before
   * treatment ('universal').
   */
  readonly base?: 'varying' | 'universal'
  /** Periods before treatment in which it may work already; 0 if not given. */
  readonly anticipation?: number
}

/** The effect on units first treated in one period, in one period. */
export interface GroupTimeEffect extends Inference {
  readonly group: number
  readonly period: number
  /** Whether treatment has begun: else the effect should be 0. */
  readonly isPost: boolean
  readonly nTreated: number
  readonly nControl: number
  /** Of each unit of the panel, 0 of those who are not compared. */
  readonly influence: Float64Array
}

export interface GroupTimeEffects {
  readonly effects: readonly GroupTimeEffect[]
  /** Cells without an estimate, and why. */
  readonly refusals: readonly { readonly group: number; readonly period: number; readonly reason: string }[]
  /** Of each group: its share of all units, never treated ones included. */
  readonly shares: ReadonlyMap<number, number>
  /** Whose influence the effects have. */
  readonly panel: InfluenceFrame
  /** Periods before treatment in which it may work already; 0 if not given. */
  readonly anticipation?: number
}

/**
 * The effects of Callaway and Sant'Anna: for each group of units that are first treated together and each period, the change
 * since before treatment, less that of units not treated.
 *
 * Inputs: a balanced panel with at least two periods. Errors by influence functions, √Σψ²/n over all units, as R's `did`.
 * Doubly robust is Sant'Anna and Zhao's (2020, J. Econometrics 219) eq. 3.1 with a logit and least squares, weights summing
 * to 1; regression and weighting are their ingredients. Groups treated in the first period (or by anticipation before
 * it) are left out. Source: Callaway and Sant'Anna (2021), J. Econometrics 225, eq. 2.1–2.6 and 4.1–4.3. Refuses a panel
 * without treated units or without any of the control group.
 */
export function groupTimeEffects(panel: Panel, options: GroupTimeOptions = {}): GroupTimeEffects | Refusal {
  const columns = panel.periods.map((_, place) => outcomesAt(panel, place))
  const found = effectsByCell(panel, options, (cell) =>
    cell.base === cell.place
      ? nothing(panel, cell.group, panel.periods[cell.place]!)
      : cellEffect(panel, { ...cell, columns }, options),
  )
  if (isRefused(found)) return found
  const shares = new Map(
    found.groups.map((group) => [
      group,
      panel.firstTreated.filter((first) => first === group).length / panel.units,
    ]),
  )
  return { ...found, shares, panel }
}

/**
 * The same from the moments of a panel, whose units need neither be seen in every period nor weigh alike: means of whoever is
 * seen. Without covariates. With clusters the cells' errors are theirs.
 */
export function groupTimeFromMoments(
  panel: PanelMoments,
  options: Omit<GroupTimeOptions, 'method'> = {},
): GroupTimeEffects | Refusal {
  const { control = 'never_treated', base: _, anticipation = 0, ...inference } = options
  const lack = panel.clusters && tooFewClusters(panel.clusters)
  const found = effectsByCell(panel, options, ({ group, place, base }) => {
    const period = panel.periods[place]!
    if (base === place) return nothing(panel, group, period)
    if (lack) return lack
    const isControl = isComparedWith(group, Math.max(period, panel.periods[base]!), control, anticipation)
    const counted = (isIn: (first: number) => boolean): number =>
      panel.groups.reduce((sum, { firstTreated, units }) => sum + (isIn(firstTreated) ? units : 0), 0)
    const nControl = counted(isControl)
    if (nControl === 0) return refuse(`no unit is left to compare with in period ${period}`)
    const change = panel.periods.map((__, time) => (time === place ? 1 : time === base ? -1 : 0))
    const treated = pooledContrast(panel, (first) => first === group, change)
    const others = pooledContrast(panel, isControl, change)
    const influence = treated.influence.map((value, carrier) => value - others.influence[carrier]!)
    const stdError = errorInFrame(panel, influence, panel.clusters)
    const result = waldInference(treated.estimate - others.estimate, stdError, Infinity, inference)
    if (isRefused(result)) return result
    const isPost = period >= group
    return {
      ...{ ...result, group, period, isPost, influence },
      ...{ nTreated: counted((first) => first === group), nControl },
    }
  })
  return isRefused(found) ? found : { ...found, shares: panel.shares!, panel }
}

/** A cell: its group, its period's place, and the place of that which it is compared with. */
interface CellPlace {
  readonly group: number
  readonly place: number
  readonly base: number
}

function effectsByCell(
  { periods, firstTreated }: Pick<InfluenceFrame, 'periods' | 'firstTreated'>,
  options: GroupTimeOptions,
  effectOf: (cell: CellPlace) => GroupTimeEffect | Refusal,
):
  | (Pick<GroupTimeEffects, 'effects' | 'refusals' | 'anticipation'> & { readonly groups: readonly number[] })
  | Refusal {
  const { anticipation = 0, control = 'never_treated' } = options
  const groups = [...new Set(firstTreated)]
    .filter((group) => group !== never && periods.some((period) => period < group - anticipation))
    .filter((group) => group <= periods.at(-1)!)
    .sort((a, b) => a - b)
  if (groups.length === 0) return refuse('no unit is first treated after the first period')
  if (control === 'never_treated' && !firstTreated.includes(never))
    return refuse('no unit is never treated: compare with those not yet treated')
  const effects: GroupTimeEffect[] = []
  const refusals: { group: number; period: number; reason: string }[] = []
  for (const group of groups)
    for (const [place, period] of periods.entries()) {
      const base = basePlace(periods, group, place, options)
      if (base === undefined) continue
      const result = effectOf({ group, place, base })
      if (isRefused(result)) refusals.push({ group, period, reason: result.refused })
      else effects.push(result)
    }
  if (effects.length === 0) return refuse(refusals[0]?.reason ?? 'no period can be compared')
  return { effects, refusals, anticipation, groups }
}

/** Whether units first treated then are compared with a group; `latest` is the later of the two periods. */
function isComparedWith(
  group: number,
  latest: number,
  control: ControlGroup,
  anticipation: number,
): (first: number) => boolean {
  return (first) =>
    first === never || (control === 'not_yet_treated' && first > latest + anticipation && first !== group)
}

/** Which period a cell is compared with, or undefined where there is none before it. */
function basePlace(
  periods: readonly number[],
  group: number,
  place: number,
  { base = 'varying', anticipation = 0 }: GroupTimeOptions,
): number | undefined {
  const last = periods.findLastIndex((period) => period < group - anticipation)
  if (base === 'universal' || place > last) return last < 0 ? undefined : last
  return place === 0 ? undefined : place - 1
}

/** The base period of a universal base against itself. */
function nothing(
  { firstTreated }: Pick<InfluenceFrame, 'firstTreated'>,
  group: number,
  period: number,
): GroupTimeEffect {
  return {
    ...{ group, period, isPost: false, nTreated: 0, nControl: 0 },
    ...{ estimate: 0, stdError: Number.NaN, ciLower: Number.NaN, ciUpper: Number.NaN, ciLevel: Number.NaN },
    ...{ pValue: Number.NaN, statistic: Number.NaN, degreesOfFreedom: Number.NaN },
    influence: new Float64Array(firstTreated.length),
  }
}

interface Cell extends CellPlace {
  readonly columns: readonly Float64Array[]
}

function cellEffect(
  panel: Panel,
  { group, place, base, columns }: Cell,
  { control = 'never_treated', method = 'doubly_robust', anticipation = 0, ...options }: GroupTimeOptions,
): GroupTimeEffect | Refusal {
  const latest = Math.max(panel.periods[place]!, panel.periods[base]!)
  const isControl = isComparedWith(group, latest, control, anticipation)
  const chosen: number[] = []
  for (let unit = 0; unit < panel.units; unit++) {
    const first = panel.firstTreated[unit]!
    if (first === group || isControl(first)) chosen.push(unit)
  }
  const treatment = Uint8Array.from(chosen, (unit) => (panel.firstTreated[unit] === group ? 1 : 0))
  const nTreated = treatment.reduce((sum, treated) => sum + treated, 0)
  const nControl = chosen.length - nTreated
  if (nControl === 0) return refuse(`no unit is left to compare with in period ${panel.periods[place]}`)
  const design = withIntercept(
    chosen.length,
    panel.covariates.map((column) => Float64Array.from(chosen, (unit) => column[unit]!)),
  )
  const units: TreatedUnits = {
    n: chosen.length,
    treatment,
    outcome: Float64Array.from(chosen, (unit) => columns[place]![unit]! - columns[base]![unit]!),
    propensityDesign: design,
    outcomeDesign: design,
  }
  const effect = changeEffect(units, panel.covariates.length > 0 ? method : 'none')
  if (isRefused(effect)) return effect
  const influence = new Float64Array(panel.units)
  const growth = panel.units / chosen.length
  let squares = 0
  for (const [index, unit] of chosen.entries()) {
    influence[unit] = effect.influence![index]! * growth
    squares += influence[unit]! ** 2
  }
  const result = waldInference(effect.estimate, Math.sqrt(squares) / panel.units, Infinity, options)
  if (isRefused(result)) return result
  const isPost = panel.periods[place]! >= group
  return { ...result, group, period: panel.periods[place]!, isPost, nTreated, nControl, influence }
}

/** The effect on the treated of changes, their influence with the models' own. */
function changeEffect(
  units: TreatedUnits,
  method: 'doubly_robust' | 'regression' | 'weighting' | 'none',
): CausalEffect | Refusal {
  if (method === 'none') return naiveDifference(units)
  if (method === 'regression') return regressionAdjustment(units, { target: 'att' })
  const propensity = fitBinary(units.propensityDesign, units.treatment)
  if (isRefused(propensity)) return propensity
  if (method === 'weighting') return inverseProbabilityWeighting(units, propensity, { target: 'att' })
  const fit = fitGroup(units, false)
  if (isRefused(fit)) return fit
  const { n, treatment, outcome, outcomeDesign } = units
  const left = outcome.map((value, unit) => value - fit.fitted[unit]!)
  const effect = inverseProbabilityWeighting({ ...units, outcome: left }, propensity, { target: 'att' })
  if (isRefused(effect)) return effect
  // The residuals move with the outcome's model: by the weighted means of its columns, treated less control.
  const weights = propensity.probabilities.map((e, unit) => (treatment[unit] === 1 ? 0 : e / (1 - e)))
  const [treated, control] = [
    treatment.reduce((sum, value) => sum + value, 0),
    weights.reduce((sum, value) => sum + value, 0),
  ]
  const gradient = outcomeDesign.columns.map((column) => {
    let sum = 0
    for (let unit = 0; unit < n; unit++)
      sum += column[unit]! * (weights[unit]! / control - treatment[unit]! / treated)
    return sum
  })
  const influence = effect.influence!.slice()
  fit.addInfluence(influence, gradient)
  return { ...effect, influence }
}
