import { selectUnits } from '../../stats/causal/trimming.ts'
import type { TreatedUnits } from '../../stats/causal/units.ts'
import { isRefused, type Refusal, refuse } from '../../stats/index.ts'
import { type BinaryFit, fitBinary } from '../../stats/regression/binary-regression.ts'
import { type Design, withIntercept } from '../../stats/regression/design.ts'
import type { TextColumn } from '../experiment/data/binary-rows.ts'
import type { CausalRows } from './data/causal-rows.ts'
import type { Population } from './estimators/estimator.ts'

/** What outcomes with the same covariates share: the design and the fit of who was treated. */
export interface Adjustment {
  readonly labels: readonly string[]
  readonly design: Design
  readonly propensity: BinaryFit | Refusal
}

/** Fits the propensity on covariates; asked again for the same ones, it gives the same fit. */
export function makeAdjustments(rows: CausalRows): (labels: readonly string[]) => Adjustment {
  const known = new Map<string, Adjustment>()
  return (labels) => {
    const key = JSON.stringify(labels)
    let adjustment = known.get(key)
    if (!adjustment) {
      const design = withIntercept(
        rows.n,
        labels.map((label) => rows.values.get(label)!),
      )
      adjustment = { labels, design, propensity: named(fitBinary(design, rows.treatment), labels) }
      known.set(key, adjustment)
    }
    return adjustment
  }
}

/** A refusal that counts columns, the intercept being the first, with their names instead. */
export function named<T extends object>(result: T | Refusal, labels: readonly string[]): T | Refusal {
  if (!isRefused(result)) return result
  const text = result.refused.replace(/\bcolumn (\d+)\b/g, (found, place) => {
    const label = labels[Number(place) - 1]
    return label === undefined ? found : `covariate '${label}'`
  })
  return refuse(text)
}

/** The units with one of their outcomes. */
export function populationOf(
  rows: CausalRows,
  { design }: Adjustment,
  propensity: BinaryFit,
  outcome: string,
): Population {
  const units: TreatedUnits = {
    n: rows.n,
    treatment: rows.treatment,
    outcome: rows.values.get(outcome)!,
    propensityDesign: design,
    outcomeDesign: design,
  }
  return {
    keys: rows.keys,
    units,
    propensity,
    strataOf: (columns) => strataOf(columns.map((column) => rows.texts.get(column)!)),
  }
}

/** Some of the units, the propensity fitted anew on them. */
export function trimmedPopulation(
  whole: Population,
  kept: Int32Array,
  labels: readonly string[],
): Population | Refusal {
  const units = selectUnits(whole.units, kept)
  if (isRefused(units)) return units
  const propensity = named(fitBinary(units.propensityDesign, units.treatment), labels)
  if (isRefused(propensity)) return propensity
  return {
    keys: Array.from(kept, (unit) => whole.keys[unit]!),
    units,
    propensity,
    strataOf: (columns) => {
      const all = whole.strataOf(columns)
      return all && Int32Array.from(kept, (unit) => all[unit]!)
    },
  }
}

/** A number for each combination of values. */
function strataOf(columns: readonly TextColumn[]): Int32Array | undefined {
  const [first] = columns
  if (!first) return undefined
  const places = new Map<string, number>()
  return Int32Array.from(first.codes, (_, unit) => {
    const key = columns.map(({ codes }) => codes[unit]).join(' ')
    const place = places.get(key) ?? places.size
    places.set(key, place)
    return place
  })
}
