import type { ExperimentCell } from '../experiment/cell.ts'
import type { TextColumn } from '../experiment/data/binary-rows.ts'
import type { Replication } from './draw-replication.ts'
import { type AuditedOutcome, mean, type Population } from './population.ts'

/**
 * The cells of a replication, cumulative to each day, as a running experiment is seen; those of segments and strata on
 * the last one.
 */
export function replicationCells(
  population: Pick<Population, 'days' | 'outcomes'>,
  replication: Replication,
): ExperimentCell[] {
  const { n, arms, armNames, exposedDay, values } = replication
  const sums = armNames.map(() =>
    population.outcomes.map((outcome, index) => makeSums(outcome, values[index]!)),
  )
  const cells: ExperimentCell[] = []
  let next = 0
  for (const [day, date] of population.days.entries()) {
    for (; next < n && exposedDay[next]! <= day; next++) for (const sum of sums[arms[next]!]!) sum.add(next)
    for (const [arm, name] of armNames.entries())
      for (const sum of sums[arm]!) cells.push(sum.cell(name, date))
  }
  const { strata, segments = new Map<string, TextColumn>() } = replication
  const groups = [...(strata ? [[null, strata] as const] : []), ...segments]
  return [...cells, ...groups.flatMap(([name, column]) => groupCells(population, replication, name, column))]
}

/** The cells of the units that have the same text: of a segment, or (where it has no name) of a stratum. */
function groupCells(
  { days, outcomes }: Pick<Population, 'days' | 'outcomes'>,
  { n, arms, armNames, values }: Replication,
  segmentName: string | null,
  { codes, texts }: TextColumn,
): ExperimentCell[] {
  const sums = armNames.map(() =>
    texts.map(() => outcomes.map((outcome, index) => makeSums(outcome, values[index]!))),
  )
  const units = armNames.map(() => new Int32Array(texts.length))
  for (let unit = 0; unit < n; unit++) {
    const [arm, group] = [arms[unit]!, codes[unit]!]
    units[arm]![group]!++
    for (const sum of sums[arm]![group]!) sum.add(unit)
  }
  return armNames.flatMap((arm, place) =>
    texts.flatMap((text, group) =>
      units[place]![group] === 0
        ? []
        : sums[place]![group]!.map((sum) => ({
            ...sum.cell(arm, days.at(-1)!),
            ...(segmentName === null ? { stratum: text } : { segmentName, segmentValue: text }),
          })),
    ),
  )
}

interface Sums {
  /** Adds a unit of the replication. */
  add(unit: number): void
  cell(arm: string, day: string | null): ExperimentCell
}

/** Sums around the population's means, so that nothing cancels (Chan, Golub, LeVeque 1983, "shifted data"). */
function makeSums(outcome: AuditedOutcome, values: readonly Float64Array[]): Sums {
  const width = values.length
  const shifts = outcome.values.map(mean)
  const first = new Float64Array(width)
  const products = new Float64Array(width * width)
  const unitValues = new Float64Array(width)
  let n = 0

  function momentsOf(size: number) {
    const means = Array.from({ length: size }, (_, i) => shifts[i]! + first[i]! / n)
    const covariances = means.map((_, i) =>
      means.map((__, j) => (products[i * width + j]! - (first[i]! * first[j]!) / n) / (n - 1)),
    )
    return { n, means, covariances }
  }

  return {
    add(unit) {
      n++
      for (let i = 0; i < width; i++) {
        const value = values[i]![unit]! - shifts[i]!
        unitValues[i] = value
        first[i]! += value
        for (let j = 0; j <= i; j++) {
          const product = value * unitValues[j]!
          products[i * width + j]! += product
          if (j < i) products[j * width + i]! += product
        }
      }
    },
    cell: (arm, day) => ({
      outcome: outcome.name,
      arm,
      segmentName: null,
      segmentValue: null,
      stratum: null,
      day,
      units: n,
      missing: 0,
      variables: outcome.variables,
      moments: momentsOf(width),
      outcomeMoments: momentsOf(outcome.kind === 'ratio' ? 2 : 1),
    }),
  }
}
