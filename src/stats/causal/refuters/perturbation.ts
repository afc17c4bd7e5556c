import { makeSwiftRandom } from '../../random/xoshiro.ts'
import type { Design } from '../../regression/design.ts'
import { selectRows, selectValues } from '../trimming.ts'
import type { TreatedUnits } from '../units.ts'

/** Refuters that change the data and estimate anew. */
export type SimulatedRefuter =
  | 'placebo_treatment'
  | 'random_common_cause'
  | 'data_subset'
  | 'bootstrap'
  | 'dummy_outcome'

/** What stands for a unit's treatment where treatments are given to others: 0 or 1, or the unit whose treatment it gets. */
export type PermutedTreatment = Uint8Array | Int32Array

/** As much of the units as has to be known to change them. */
export interface DrawnUnits<T extends PermutedTreatment = Uint8Array> {
  readonly n: number
  readonly treatment: T
  readonly outcome: Float64Array
}

/** What is another in the data than it was; what is absent is as it was. */
export interface Perturbation<T extends PermutedTreatment = Uint8Array> {
  readonly treatment?: T
  readonly outcome?: Float64Array
  /** How often each unit counts, 0 or more. */
  readonly counts?: Float64Array
  /** One more covariate, of both models. */
  readonly covariate?: Float64Array
}

export interface PerturbationOptions {
  readonly seed?: number
  /** Part of the units that a subset keeps; 0.8 if not given. */
  readonly subsetShare?: number
}

const streams: Record<SimulatedRefuter, number> = {
  placebo_treatment: 1,
  random_common_cause: 2,
  data_subset: 3,
  bootstrap: 4,
  dummy_outcome: 5,
}

/**
 * The data of one simulation: a function of refuter, seed and number of the simulation alone, so that any number of
 * threads finds the same.
 *
 * A placebo gives the treatments to other units, as many as before; a dummy outcome gives the outcomes to others; a
 * random common cause is a standard normal covariate; a subset takes round(share·n) units without and the bootstrap n
 * with replacement.
 */
export function drawPerturbation<T extends PermutedTreatment = Uint8Array>(
  refuter: SimulatedRefuter,
  { n, treatment, outcome }: DrawnUnits<T>,
  simulation: number,
  { seed = 1, subsetShare = 0.8 }: PerturbationOptions = {},
): Perturbation<T> {
  const random = makeSwiftRandom(seed, streams[refuter] * 2 ** 32 + simulation)
  switch (refuter) {
    case 'placebo_treatment': {
      const permuted = treatment.slice() as T
      random.shuffle(permuted)
      return { treatment: permuted }
    }
    case 'dummy_outcome': {
      const permuted = outcome.slice()
      random.shuffle(permuted)
      return { outcome: permuted }
    }
    case 'random_common_cause': {
      const covariate = new Float64Array(n)
      for (let unit = 0; unit < n; unit++) covariate[unit] = random.normal()
      return { covariate }
    }
    case 'data_subset': {
      const counts = new Float64Array(n)
      // Each is taken with the chance that as many as are wanted remain to be taken (Fan, Muller, Rezucha 1962).
      let wanted = Math.round(subsetShare * n)
      for (let unit = 0; unit < n; unit++)
        if (random.uniform() * (n - unit) < wanted) {
          counts[unit] = 1
          wanted--
        }
      return { counts }
    }
    case 'bootstrap': {
      // Small numbers lie closer together, and are found sooner in no order; no unit is drawn 65,536 times.
      const counts = new Uint16Array(n)
      for (let draw = 0; draw < n; draw++) counts[random.int(n)]!++
      return { counts: Float64Array.from(counts) }
    }
  }
}

/** The units as the perturbation has them. */
export function perturbedUnits(units: TreatedUnits, change: Perturbation): TreatedUnits {
  const chosen = change.counts && rowsOf(change.counts)
  const designOf = ({ n, columns }: Design): Design => {
    const all = change.covariate ? { n, columns: [...columns, change.covariate] } : { n, columns }
    return chosen ? selectRows(all, chosen) : all
  }
  const treatment = change.treatment ?? units.treatment
  const outcome = change.outcome ?? units.outcome
  const outcomeDesign = designOf(units.outcomeDesign)
  return {
    n: chosen ? chosen.length : units.n,
    treatment: chosen ? Uint8Array.from(chosen, (unit) => treatment[unit]!) : treatment,
    outcome: chosen ? selectValues(outcome, chosen) : outcome,
    outcomeDesign,
    propensityDesign:
      units.propensityDesign === units.outcomeDesign ? outcomeDesign : designOf(units.propensityDesign),
  }
}

/** The places of the units that count, each as often as it does. */
export function rowsOf(counts: Float64Array): Int32Array {
  const rows = new Int32Array(counts.reduce((sum, count) => sum + count, 0))
  let place = 0
  for (let unit = 0; unit < counts.length; unit++)
    for (let count = 0; count < counts[unit]!; count++) rows[place++] = unit
  return rows
}
