import { type BootstrapPlan, type PreparedBootstrap, sumChunk } from './poisson-bootstrap.ts'

/** Means of columns, replicate by replicate. */
export interface BootstrapMeans {
  readonly replicates: number
  /** Columns, without the count of units. */
  readonly columns: number
  /** For each arm `replicates` × `columns` numbers; NaN where no unit of the arm counts. */
  readonly arms: readonly Float64Array[]
}

/** The means of all replicates, computed here and now: for few units, or where no workers are wanted. */
export function bootstrapMeans(prepared: PreparedBootstrap, plan: BootstrapPlan): BootstrapMeans {
  return meansOfChunks(
    prepared,
    prepared.chunks.map((chunk) => sumChunk(prepared, chunk, plan)),
    plan,
  )
}

/** The means of all replicates from the sums of each chunk, in the order of `prepared.chunks`. */
export function meansOfChunks(
  { arms, width, centers, chunks }: PreparedBootstrap,
  sums: readonly Float64Array[],
  { replicates }: BootstrapPlan,
): BootstrapMeans {
  const columns = width - 1
  const totals = Array.from({ length: arms }, () => new Float64Array(replicates * width))
  // Always in this order, so that the last digit does not tell who computed what.
  for (const [index, { arm }] of chunks.entries()) {
    const total = totals[arm]!
    const part = sums[index]!
    for (let at = 0; at < total.length; at++) total[at]! += part[at]!
  }
  const means = totals.map((total) => {
    const result = new Float64Array(replicates * columns)
    for (let replicate = 0; replicate < replicates; replicate++) {
      const count = total[replicate * width]!
      for (let column = 0; column < columns; column++)
        result[replicate * columns + column] =
          centers[column + 1]! + total[replicate * width + column + 1]! / count
    }
    return result
  })
  return { replicates, columns, arms: means }
}
