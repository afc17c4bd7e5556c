import type { Estimate } from '../../../core/estimate.ts'

/*
 * How a memo says numbers.
 */

type Numbers = Pick<Estimate, 'estimate' | 'ciLower' | 'ciUpper' | 'ciLevel' | 'scale'>

/** `+3.2 %` on a relative scale, `+0.412` on any other. */
export function amount(value: number | null, scale: string): string {
  if (value === null) return ''
  if (value === Infinity || value === -Infinity) return value > 0 ? '∞' : '−∞'
  if (scale === 'relative') return signed(value * 100, 2, ' %')
  return signedPrecise(value)
}

function signed(value: number, digits: number, unit: string): string {
  const text = value.toFixed(digits)
  return `${Number(text) > 0 ? '+' : ''}${Number(text) === 0 ? (0).toFixed(digits) : text}${unit}`.replace(
    '-',
    '−',
  )
}

function signedPrecise(value: number): string {
  if (value === 0) return '0'
  const text = String(Number(value.toPrecision(3)))
  return `${value > 0 ? '+' : ''}${text}`.replace('-', '−')
}

/** `+0.8 % to +5.6 %`. */
export function interval({ ciLower, ciUpper, scale }: Numbers): string {
  return ciLower === null || ciUpper === null ? '' : `${amount(ciLower, scale)} to ${amount(ciUpper, scale)}`
}

/** `+3.2 % (95 % interval +0.8 % to +5.6 %)`. */
export function withInterval(row: Numbers): string {
  const range = interval(row)
  if (range === '') return amount(row.estimate, row.scale)
  const level = row.ciLevel === null ? '' : `${Number((row.ciLevel * 100).toPrecision(4))} % `
  return `${amount(row.estimate, row.scale)} (${level}interval ${range})`
}

/** `0.034`, `< 0.001`. */
export function probability(value: number | null): string {
  if (value === null) return ''
  return value < 0.001 ? '< 0.001' : value.toFixed(3)
}

/** `12,345`. */
export function count(value: number | null): string {
  return value === null ? '' : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `difference_in_means` → `difference in means`. */
export function spoken(name: string): string {
  return name.replaceAll('_', ' ')
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
