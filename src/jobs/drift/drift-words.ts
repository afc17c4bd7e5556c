import type { DriftChangeRow, DriftFindingRow } from '../../core/drift-tables.ts'

/*
 * Findings in words, for terminals, memos and messages.
 */

const names: Readonly<Record<string, string>> = {
  psi: 'stability index',
  js_distance: 'Jensen–Shannon distance',
  ks: 'Kolmogorov–Smirnov distance',
  wasserstein: 'Wasserstein distance',
  mean_shift: 'mean in standard deviations',
  missing_shift: 'share missing',
}

type Found = Pick<
  DriftFindingRow,
  | 'columnName'
  | 'segmentName'
  | 'segmentValue'
  | 'windowDays'
  | 'statistic'
  | 'value'
  | 'referenceValue'
  | 'currentValue'
>

/** `device in primary_intent listen, last 7 days: stability index 0.14`. */
export function findingWords(found: Found): string {
  const { statistic, value, referenceValue, currentValue } = found
  const moved =
    referenceValue === null || currentValue === null
      ? ''
      : ` (${shown(referenceValue)} to ${shown(currentValue)})`
  return `${scopeWords(found)}, ${windowWords(found.windowDays)}: ${statisticName(statistic)} ${value === null ? '' : shown(value)}${moved}`
}

/** `device in primary_intent listen`. */
export function scopeWords({
  columnName,
  segmentName,
  segmentValue,
}: Pick<Found, 'columnName' | 'segmentName' | 'segmentValue'>): string {
  return segmentName === null ? columnName : `${columnName} in ${segmentName} ${segmentValue}`
}

/** `last day`, `last 7 days`. */
export function windowWords(days: number): string {
  return days === 1 ? 'last day' : `last ${days} days`
}

/** What a statistic is called in a sentence. */
export function statisticName(statistic: string): string {
  return names[statistic] ?? statistic.replaceAll('_', ' ')
}

/** `the share of tv went from 5.1 % to 16.2 %`. */
export function changeWords({
  series,
  category,
  before,
  after,
}: Pick<DriftChangeRow, 'series' | 'category' | 'before' | 'after'>): string {
  const what =
    series === 'mean' ? 'the mean' : series === 'share' ? `the share of ${category}` : 'the share missing'
  const number = (value: number | null): string =>
    value === null ? '' : series === 'mean' ? shown(value) : `${(100 * value).toFixed(1)} %`
  return `${what} went from ${number(before)} to ${number(after)}`
}

/** Three digits that count. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(3)))
}
