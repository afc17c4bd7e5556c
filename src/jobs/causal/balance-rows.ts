import type { BalanceRow } from '../../core/causal-tables.ts'
import { covariateBalance } from '../../stats/causal/diagnostics/balance.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import type { CausalRows } from './data/causal-rows.ts'

/** Whose balance is looked at. */
export interface Balanced {
  readonly outcome: string
  readonly estimand: string
  readonly method: string
  /** Null before any adjustment. */
  readonly weights: Float64Array | null
}

/** How far treated and others differ in each covariate, those that are not adjusted for among them. */
export function balanceRows(
  origin: TableOrigin,
  rows: Pick<CausalRows, 'treatment' | 'values'>,
  labels: readonly string[],
  adjusted: readonly string[],
  { outcome, estimand, method, weights }: Balanced,
): BalanceRow[] {
  const scale = estimand === 'att' ? 'treated' : estimand === 'atc' ? 'control' : 'pooled'
  const found = covariateBalance(
    rows.treatment,
    labels.map((label) => rows.values.get(label)!),
    { scale, ...(weights && { weights }) },
  )
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return found.map((balance, index) => ({
    ...{ ...origin, outcome, estimand, method, covariate: labels[index]! },
    adjusted: adjusted.includes(labels[index]!),
    meanTreated: finite(balance.meanTreated),
    meanControl: finite(balance.meanControl),
    standardizedDifference: finite(balance.standardizedDifference),
    varianceRatio: finite(balance.varianceRatio),
  }))
}
