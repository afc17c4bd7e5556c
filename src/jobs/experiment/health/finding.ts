import type { ExperimentSpec, HealthRule } from '../../../core/experiment-spec.ts'
import type { HealthRow } from '../../../core/experiment-tables.ts'
import type { CellIndex } from '../data/cell-index.ts'
import type { Evidence } from '../data/evidence.ts'

/** What a check looks at. */
export interface HealthInput {
  readonly spec: ExperimentSpec
  readonly evidence: Evidence
  readonly index: CellIndex
  /** Whether arms were given to clusters as a whole. */
  readonly isByCluster: boolean
  readonly rule: HealthRule
}

/** What a check found in one place; the rest of the row is that of the rule. */
export interface Finding
  extends Partial<
    Pick<
      HealthRow,
      | 'outcome'
      | 'treatment'
      | 'segmentName'
      | 'segmentValue'
      | 'statistic'
      | 'pValue'
      | 'observed'
      | 'diagnostics'
    >
  > {
  readonly verdict: HealthRow['verdict']
  readonly message: string
}

export type HealthCheckFunction = (input: HealthInput) => readonly Finding[]

/** A p-value below the threshold fails; one within ten times it is worth a look. */
export function verdictOfPValue(pValue: number, threshold: number): Finding['verdict'] {
  if (pValue < threshold) return 'fail'
  return pValue < 10 * threshold ? 'warn' : 'ok'
}

/** A share beyond the threshold fails; one beyond half of it is worth a look. */
export function verdictOfShare(share: number, threshold: number): Finding['verdict'] {
  if (share > threshold) return 'fail'
  return share > threshold / 2 ? 'warn' : 'ok'
}

/** The check could not be made, and why. */
export function notEvaluated(message: string): Finding {
  return { verdict: 'not_evaluated', message }
}

/** A share for reading: 0.0123 is '1.2 %'. */
export function percent(share: number): string {
  const value = share * 100
  const digits = Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2
  return `${value.toFixed(digits)} %`
}

/** A p-value for reading. */
export function pText(pValue: number): string {
  return pValue < 0.001 ? `p = ${pValue.toExponential(1)}` : `p = ${pValue.toFixed(3)}`
}

/** A number of units for reading. */
export function count(value: number): string {
  return value.toLocaleString('en')
}
