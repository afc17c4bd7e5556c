import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'

/** Units of one treatment and one value of the mediator: what one grouped query gives. */
export interface FrontdoorCell {
  readonly treated: boolean
  /** Which value the mediator has. */
  readonly mediator: number | string
  readonly n: number
  /** Mean and variance (n − 1 below) of the outcome. */
  readonly mean: number
  readonly variance: number
}

/**
 * The frontdoor adjustment with a mediator of few values, without any model: Σ_m (P(m|1) − P(m|0))·Σ_t P(t)·E[y|m, t].
 *
 * The variance is the delta method's over shares and means of the cells; a cell of one unit takes the pooled variance.
 * Source: Pearl (1995), theorem 2. Refuses a value of the mediator that one of the arms never has.
 */
export function frontdoorCells(
  cells: readonly FrontdoorCell[],
  options: InferenceOptions = {},
): Inference | Refusal {
  const total = cells.reduce((sum, cell) => sum + cell.n, 0)
  const values = [...new Set(cells.map((cell) => cell.mediator))]
  const table = values.map((mediator) =>
    [false, true].map((treated) => cells.find((c) => c.mediator === mediator && c.treated === treated)),
  )
  for (const [index, pair] of table.entries())
    for (const [arm, cell] of pair.entries())
      if (!cell || cell.n === 0)
        return refuse(
          `no overlap: no ${arm === 1 ? 'treated' : 'untreated'} unit has the mediator at ${values[index]}`,
        )
  const known = table as [FrontdoorCell, FrontdoorCell][]
  const pooled =
    cells.reduce((sum, cell) => sum + (cell.n > 1 ? (cell.n - 1) * cell.variance : 0), 0) /
    cells.reduce((sum, cell) => sum + Math.max(cell.n - 1, 0), 0)
  const armShares = [0, 1].map((arm) => known.reduce((sum, pair) => sum + pair[arm]!.n, 0) / total)
  const within = (pair: readonly FrontdoorCell[], arm: number) => pair[arm]!.n / total / armShares[arm]!
  const outcomes = known.map((pair) => armShares[0]! * pair[0].mean + armShares[1]! * pair[1].mean)
  const armMeans = [0, 1].map((arm) =>
    known.reduce((sum, pair, m) => sum + within(pair, arm) * outcomes[m]!, 0),
  )
  const changes = known.map((pair) => within(pair, 1) - within(pair, 0))
  const byArm = [0, 1].map((arm) => known.reduce((sum, pair, m) => sum + changes[m]! * pair[arm]!.mean, 0))
  let [variance, first, second] = [0, 0, 0]
  for (const [m, pair] of known.entries())
    for (const [arm, cell] of pair.entries()) {
      const spread = cell.n > 1 ? cell.variance : pooled
      variance += ((changes[m]! * armShares[arm]!) ** 2 * spread) / cell.n
      // How the effect moves with the cell's share of all units.
      const slope = ((arm === 1 ? 1 : -1) * (outcomes[m]! - armMeans[arm]!)) / armShares[arm]! + byArm[arm]!
      first += (cell.n / total) * slope
      second += (cell.n / total) * slope * slope
    }
  variance += (second - first * first) / total
  return waldInference(armMeans[1]! - armMeans[0]!, Math.sqrt(variance), Infinity, options)
}
