import type { TreatedUnits } from '../src/stats/causal/units.ts'
import { makeRandom } from '../src/stats/random/philox.ts'

/** The units' memory, which threads may share. */
export interface SharedWorld {
  readonly treatment: Uint8Array
  readonly outcome: Float64Array
  /** The first is all ones. */
  readonly columns: readonly Float64Array[]
}

export interface CausalWorld {
  readonly shared: SharedWorld
  readonly units: TreatedUnits
  readonly effect: number
}

/** Units whose first five covariates move treatment and outcome, with an effect of 10. */
export function makeCausalWorld({
  units: n,
  covariates,
  seed,
}: {
  readonly units: number
  readonly covariates: number
  readonly seed: number
}): CausalWorld {
  const random = makeRandom(seed)
  const column = () => new Float64Array(new SharedArrayBuffer(8 * n))
  const columns = Array.from({ length: covariates + 1 }, column)
  const [outcome, treatment] = [column(), new Uint8Array(new SharedArrayBuffer(n))]
  columns[0]!.fill(1)
  for (let unit = 0; unit < n; unit++) {
    let sum = 0
    for (let index = 1; index <= covariates; index++) {
      const value = random.normal()
      columns[index]![unit] = value
      if (index <= 5) sum += value
    }
    treatment[unit] = random.bernoulli(1 / (1 + Math.exp(0.4 - 0.25 * sum))) ? 1 : 0
    outcome[unit] = 10 * treatment[unit]! + sum + random.normal()
  }
  const shared = { treatment, outcome, columns }
  return { shared, units: unitsOf(shared), effect: 10 }
}

/** The units of shared memory. */
export function unitsOf({ treatment, outcome, columns }: SharedWorld): TreatedUnits {
  const design = { n: outcome.length, columns }
  return { n: outcome.length, treatment, outcome, propensityDesign: design, outcomeDesign: design }
}
