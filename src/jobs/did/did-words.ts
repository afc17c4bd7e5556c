import type { DidSpec } from '../../core/did-spec.ts'
import type { Estimate } from '../../core/estimate.ts'
import { amountOf, withIntervalOf } from '../causal/causal-words.ts'

/** `+3.2 %` of a share, `+14.5` of anything else. */
export function signedAmount(value: number, scale: Estimate['scale']): string {
  const sign = value > 0 ? '+' : ''
  return scale === 'relative' ? `${sign}${amountOf(value * 100)} %` : `${sign}${amountOf(value)}`
}

/** The estimate with its interval, of a share in percent. */
export function effectWords(row: Estimate): string {
  if (row.scale !== 'relative') return withIntervalOf(row)
  const { estimate, ciLower, ciUpper, ciLevel } = row
  if (estimate === null) return ''
  if (ciLower === null || ciUpper === null || ciLevel === null) return signedAmount(estimate, 'relative')
  const level = Number((ciLevel * 100).toPrecision(4))
  const percent = (value: number): string => amountOf(value * 100)
  return `${signedAmount(estimate, 'relative')} (${level} % interval ${percent(ciLower)} to ${percent(ciUpper)} %)`
}

/** What the treated had, and what they are compared with. */
export function comparisonWords({ treatment }: DidSpec): {
  readonly treatment: string
  readonly comparison: string
} {
  return { treatment: treatment.name, comparison: `no ${treatment.name}` }
}
