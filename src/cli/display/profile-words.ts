import type { ColumnProfile, RelationProfile } from '../../jobs/profile/relation-profile.ts'
import { formatCount, formatCounted } from './numbers.ts'

/*
 * A profile in words: what the table in the terminal and the page share.
 */

/** A column of two profiles. */
export interface ColumnPair {
  readonly name: string
  /** Undefined where the relation has no such column. */
  readonly before: ColumnProfile | undefined
  readonly after: ColumnProfile | undefined
}

/** The columns of two profiles by their names: those of the first, then what only the second has. */
export function pairColumns(before: RelationProfile, after: RelationProfile): ColumnPair[] {
  const byName = ({ columns }: RelationProfile) => new Map(columns.map((column) => [column.name, column]))
  const [first, second] = [byName(before), byName(after)]
  const names = new Set([...first.keys(), ...second.keys()])
  return [...names].map((name) => ({ name, before: first.get(name), after: second.get(name) }))
}

/** `1,842 rows, 12 of them twice`, whether the key is unique, and what share was looked at. */
export function profileSummary({ rows, duplicateRows, samplePercent, key }: RelationProfile): string[] {
  const count =
    samplePercent === null ? formatCounted(rows, 'row') : `${formatCounted(rows, 'row')} in the sample`
  const lines = [`${count}, ${duplicateRows === 0 ? 'none' : formatCount(duplicateRows)} there once more`]
  if (samplePercent !== null)
    lines.push(`a sample of ${samplePercent} %: distinct values and duplicates are those within it`)
  if (key) lines.push(keyWords(key))
  return lines
}

function keyWords({ columns, duplicateRows, missing }: NonNullable<RelationProfile['key']>): string {
  const name = columns.join(', ')
  if (duplicateRows === 0 && missing === 0) return `key ${name}: unique`
  const parts = [
    ...(duplicateRows > 0 ? [`${formatCounted(duplicateRows, 'row')} with a key that another has`] : []),
    ...(missing > 0 ? [`${formatCounted(missing, 'row')} without one`] : []),
  ]
  return `key ${name}: ${parts.join(', ')}`
}

/** `1.2 %`; what is there is never 0 and what is not all never 100. */
export function shareText(count: number, rows: number): string {
  if (count === 0 || rows === 0) return '0 %'
  if (count === rows) return '100 %'
  const percent = Math.min(99.9, (count / rows) * 100)
  return percent < 0.1 ? '<0.1 %' : `${percent.toFixed(1)} %`
}

/** A number with five significant digits. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 1e15) return value.toPrecision(5)
  return Math.abs(value) >= 10_000 ? String(Math.round(value)) : String(Number(value.toPrecision(5)))
}

/** Seconds since 1970 as a date, or as a time in UTC. */
export function timeText(seconds: number, type: string): string {
  const time = new Date(seconds * 1000)
  if (Number.isNaN(time.getTime())) return `${seconds} s`
  const text = time.toISOString()
  return type === 'date' ? text.slice(0, -14) : text.slice(0, -5).replace('T', ' ')
}

/** The range, middle and spread of a column, or its most frequent values. */
export function columnWords(column: ColumnProfile): string {
  const { numbers, times, lengths, min, max, type } = column
  if (numbers?.quantiles) {
    const spread = numbers.stdDev === null ? '' : ` ± ${numberText(numbers.stdDev)}`
    return `${endText(min)} … ${numberText(numbers.quantiles.p50)} … ${endText(max)}, mean ${numberText(numbers.mean!)}${spread}`
  }
  if (times?.quantiles) return `${min} … ${timeText(times.quantiles.p50, type)} … ${max}`
  if (column.trueCount !== null) return `${formatCount(column.trueCount)} true`
  const frequent = frequentWords(column)
  if (!lengths) return frequent || (min === null ? '' : `${min} … ${max}`)
  const range = `length ${lengths.min === lengths.max ? lengths.min : `${lengths.min} to ${lengths.max}`}`
  return [frequent, range].filter(Boolean).join('; ')
}

/** The end of a range as the server writes it, unless it has more digits than anybody reads. */
function endText(end: string | null): string {
  return end === null || end.length <= 12 || !end.includes('.') ? String(end) : numberText(Number(end))
}

function frequentWords({ mostFrequent }: ColumnProfile): string {
  return mostFrequent
    .slice(0, 3)
    .map(({ value, count }) => `${oneLine(value)} (${formatCount(count)})`)
    .join(', ')
}

/** What somebody who cleans the data wants to know first. */
export function columnFindings(column: ColumnProfile, rows: number): string[] {
  const { missing, distinct, empty, numbers, times } = column
  if (rows === 0) return []
  if (missing === rows) return ['always missing']
  const outliers = (numbers ?? times)?.outliers
  const far = outliers ? outliers.below + outliers.above : 0
  const notFinite = (numbers ?? times)?.notFinite ?? 0
  return [
    ...(distinct === 1 && rows > 1 ? ['always the same'] : []),
    ...(distinct === rows && rows > 1 ? ['unique'] : []),
    ...(empty ? [`${formatCount(empty)} empty`] : []),
    ...(far > 0 ? [formatCounted(far, 'outlier')] : []),
    ...(notFinite > 0 ? [`${formatCount(notFinite)} not finite`] : []),
  ]
}

/** A value within a line: without line breaks and control characters, and not too long. */
export function oneLine(value: string): string {
  const flat = value.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
  if (flat.trim() === '') return `'${flat.slice(0, 10)}'`
  const characters = [...flat]
  return characters.length > 30 ? `${characters.slice(0, 29).join('')}…` : flat
}
