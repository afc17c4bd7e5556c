import { makeRandom } from '../../stats/index.ts'

/*
 * Units of a real experiment, from which replications are drawn. Their mean is known, so every replication has a
 * truth.
 */

export interface AuditedOutcome {
  readonly name: string
  readonly kind: 'mean' | 'count' | 'proportion' | 'ratio' | 'quantile'
  /** Names as of the cells' variables: 'y' (of a ratio 'y', 'd'), then the covariates. */
  readonly variables: readonly string[]
  /** One array for each variable, as long as there are units. */
  readonly values: readonly Float64Array[]
}

export interface Population {
  readonly units: number
  readonly outcomes: readonly AuditedOutcome[]
  /** ISO dates of the looks, in order; a single null where the units' exposure is not known by day. */
  readonly days: readonly (string | null)[]
  /** By unit, the index of the day of its exposure. */
  readonly exposedDay: Int32Array
}

/** What a treatment that multiplies an outcome's mean by 1 + lift does, on both scales. */
export interface TrueEffect {
  readonly absolute: number
  readonly relative: number
}

/** The truth of a replication: that of the population, whatever units were drawn. */
export function trueEffect({ kind, values }: AuditedOutcome, lift: number): TrueEffect {
  const y = mean(values[0]!)
  const level = kind === 'ratio' ? y / mean(values[1]!) : y
  return { absolute: level * lift, relative: lift }
}

export function mean(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** So many units of a population at most, drawn without replacement; in the order in which they stand there. */
export function samplePopulation(population: Population, units: number, seed: number): Population {
  if (population.units <= units) return population
  const all = Array.from({ length: population.units }, (_, unit) => unit)
  makeRandom(seed).shuffle(all)
  const kept = Int32Array.from(all.slice(0, units)).sort()
  return {
    ...population,
    units,
    exposedDay: Int32Array.from(kept, (unit) => population.exposedDay[unit]!),
    outcomes: population.outcomes.map((outcome) => ({
      ...outcome,
      values: outcome.values.map((values) => Float64Array.from(kept, (unit) => values[unit]!)),
    })),
  }
}
