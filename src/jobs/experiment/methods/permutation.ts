import { isRefused, permutationTest, type Refusal, refuse } from '../../../stats/index.ts'
import { isRatio } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import type { ArmRows } from '../data/unit-rows.ts'
import { armDiagnostics } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult } from './method.ts'
import { rowsOf } from './rows.ts'

/*
 * How often a random exchange of the arms gives as large a difference: a p-value that takes no distribution for granted,
 * and no interval. Where clusters were given their arms as a whole, they are exchanged as a whole.
 */

function permutation(input: MethodInput): MethodResult | Refusal {
  const rows = rowsOf(input)
  if (isRefused(rows)) return rows
  if (isRatio(input.treatment)) return refuse('a ratio of sums has no outcome of a single unit to exchange')
  const { seed, permutations } = input.spec.permutation
  const arms = input.isByCluster ? clusterSums(rows) : null
  if (arms && isRefused(arms)) return arms
  const [t, c] = arms ?? [inOrder(rows.treatment), inOrder(rows.control)]
  // The smaller arm is drawn: exchanging it with the other says the same.
  const isTreatmentSmaller = t.length <= c.length
  const drawn = new Uint8Array(t.length + c.length).fill(1, 0, Math.min(t.length, c.length))
  const outcome = isTreatmentSmaller ? [...t, ...c] : [...c, ...t]
  const test = permutationTest(outcome, drawn, { seed, permutations })
  if (isRefused(test)) return test
  const own = isTreatmentSmaller ? test.estimate : -test.estimate
  return {
    // What clusters come to depends on their size; what is told is the difference of units.
    estimate: arms ? meanOf(rows.treatment) - meanOf(rows.control) : own,
    stdError: null,
    ciLower: null,
    ciUpper: null,
    pValue: test.pValue,
    diagnostics: {
      ...armDiagnostics(input.treatment, input.control),
      permutations,
      seed,
      p_value_error: test.pValueError,
      statistic: 'studentized',
      exchanged: arms ? 'clusters' : 'units',
    },
  }
}

/**
 * The sums of the clusters of both arms, of outcomes about their common mean, so that a large cluster counts for its
 * units and not for being large. They are exchanged where they were given their arms as a whole.
 */
function clusterSums(rows: {
  readonly treatment: ArmRows
  readonly control: ArmRows
}): [number[], number[]] | Refusal {
  const { treatment: t, control: c } = rows
  const mean = (meanOf(t) * t.n + meanOf(c) * c.n) / (t.n + c.n)
  const [treated, control] = [sumsByCluster(t, mean), sumsByCluster(c, mean)]
  if ([...treated.keys()].some((cluster) => control.has(cluster)))
    return refuse('some clusters have units of both arms, so that they cannot be exchanged as a whole')
  return [inKeyOrder(treated), inKeyOrder(control)]
}

interface ClusterSum {
  sum: number
  /** The smallest key of its units: what clusters are ordered by, however rows came. */
  key: number
}

function sumsByCluster({ n, keys, clusters, variables: [outcome] }: ArmRows, mean: number) {
  const sums = new Map<number, ClusterSum>()
  for (let row = 0; row < n; row++) {
    const cluster = clusters![row]!
    const known = sums.get(cluster) ?? { sum: 0, key: Infinity }
    known.sum += outcome![row]! - mean
    known.key = Math.min(known.key, keys[row]!)
    sums.set(cluster, known)
  }
  return sums
}

function inKeyOrder(sums: ReadonlyMap<number, ClusterSum>): number[] {
  return [...sums.values()].sort((a, b) => a.key - b.key).map(({ sum }) => sum)
}

function meanOf({ n, variables: [outcome] }: ArmRows): number {
  return outcome!.reduce((sum, value) => sum + value, 0) / n
}

/** The outcomes in the order of the units' keys, so that the p-value does not hang on how rows came. */
function inOrder({ n, keys, variables: [outcome] }: ArmRows): number[] {
  const order = Array.from({ length: n }, (_, row) => row).sort((a, b) => keys[a]! - keys[b]!)
  return order.map((row) => outcome![row]!)
}

export const permutationMethods = {
  permutation_test: {
    scales: () => ['absolute'],
    ciKind: null,
    needs: 'rows',
    applies: (outcome) => ['mean', 'proportion'].includes(outcomeKind(outcome)),
    compute: permutation,
  },
} as const satisfies Record<string, MethodEntry>
