import type { Estimate } from '../../core/estimate.ts'

/*
 * How results of causal questions say numbers: in the unit of the outcome, as many digits as the error allows.
 */

/** `14.5`, `0.0412`, `1,250`; three digits, of larger numbers the whole part. */
export function amountOf(value: number): string {
  const size = Math.abs(value)
  const text =
    size >= 1000
      ? String(Math.round(size)).replace(/\B(?=(\d{3})+$)/g, ',')
      : size >= 10
        ? String(Number(size.toFixed(size >= 100 ? 1 : 2)))
        : String(Number(size.toPrecision(3)))
  return `${value < 0 && text !== '0' ? '−' : ''}${text}`
}

/** `+10 (95 % interval 9.8 to 10.2)`. */
export function withIntervalOf({
  estimate,
  ciLower,
  ciUpper,
  ciLevel,
}: Pick<Estimate, 'estimate' | 'ciLower' | 'ciUpper' | 'ciLevel'>): string {
  if (estimate === null) return ''
  const value = `${estimate > 0 ? '+' : ''}${amountOf(estimate)}`
  if (ciLower === null || ciUpper === null || ciLevel === null) return value
  const level = Number((ciLevel * 100).toPrecision(4))
  return `${value} (${level} % interval ${amountOf(ciLower)} to ${amountOf(ciUpper)})`
}

/** `45 %`. */
export function percentOf(share: number): string {
  const percent = share * 100
  return `${Number(percent.toFixed(percent < 10 ? 1 : 0))} %`
}
