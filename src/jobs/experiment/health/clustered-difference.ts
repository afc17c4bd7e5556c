import {
  type ClusterRobustInference,
  clusterRobustDifference,
  type Refusal,
  refuse,
} from '../../../stats/index.ts'
import type { UnitRows } from '../data/unit-rows.ts'

/** The two arms that are compared, by name. */
export interface ArmNames {
  readonly treatment: string
  readonly control: string
}

interface Mean {
  n: number
  mean: number
}

/**
 * The difference between two arms in a number of their units, by the means of the clusters that were given the arms:
 * units of a cluster resemble each other, and taken for independent they seem to differ where only clusters do. Units
 * without the number (NaN) are left out.
 */
export function clusteredDifference(
  { n, arms, cluster }: Pick<UnitRows, 'n' | 'arms' | 'cluster'>,
  names: ArmNames,
  numberOf: (row: number) => number,
): ClusterRobustInference | Refusal {
  if (!cluster) return refuse('no cluster is declared')
  const [treated, control] = [arms.texts.indexOf(names.treatment), arms.texts.indexOf(names.control)]
  const clusters = new Map<number, { readonly treatment: Mean; readonly control: Mean }>()
  for (let row = 0; row < n; row++) {
    const arm = arms.codes[row]
    const value = numberOf(row)
    if ((arm !== treated && arm !== control) || Number.isNaN(value)) continue
    const code = cluster.codes[row]!
    const own = clusters.get(code) ?? { treatment: { n: 0, mean: 0 }, control: { n: 0, mean: 0 } }
    clusters.set(code, own)
    const cell = arm === treated ? own.treatment : own.control
    cell.n++
    cell.mean += (value - cell.mean) / cell.n
  }
  return clusterRobustDifference([...clusters.values()])
}
