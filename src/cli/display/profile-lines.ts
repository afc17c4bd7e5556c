import type { ColumnProfile, RelationProfile } from '../../jobs/profile/relation-profile.ts'
import type { Colors } from '../output.ts'
import { formatCount } from './numbers.ts'
import {
  columnFindings,
  columnWords,
  oneLine,
  pairColumns,
  profileSummary,
  shareText,
} from './profile-words.ts'
import { tableLines } from './table.ts'

/** How the terminal shows things. */
interface Look {
  readonly colors: Colors
  readonly hasUnicode: boolean
}

/** A profile for the terminal: a line for each column, with its bars. */
export function profileLines(profile: RelationProfile, look: Look): string[] {
  const rows = profile.columns.map((column) => [oneLine(column.name), ...cellsOf(column, profile, look)])
  return shownLines([titleOf(profile, look), ...profileSummary(profile)], rows, look)
}

/**
 * Two profiles for the terminal, say before and after cleaning: two lines for each column by its name, and one where
 * both say the same.
 */
export function comparedLines(before: RelationProfile, after: RelationProfile, look: Look): string[] {
  const rows = pairColumns(before, after).flatMap(({ name, before: first, after: second }) => {
    const firstCells = first && cellsOf(first, before, look)
    const secondCells = second && cellsOf(second, after, look)
    const isSame = firstCells?.join('\n') === secondCells?.join('\n')
    const shown = oneLine(name)
    return [
      ...(firstCells ? [[secondCells ? shown : `${shown} (only before)`, ...firstCells]] : []),
      ...(secondCells && !isSame ? [[firstCells ? '→' : `${shown} (only after)`, ...secondCells]] : []),
    ]
  })
  const heading = [
    ...[titleOf(before, look), ...profileSummary(before)],
    ...[`→ ${titleOf(after, look)}`, ...profileSummary(after)],
  ]
  return shownLines(heading, rows, look)
}

function titleOf({ relation }: RelationProfile, { colors }: Look): string {
  return colors.bold(`${relation.schema}.${relation.identifier}`)
}

function shownLines(heading: readonly string[], rows: string[][], { colors, hasUnicode }: Look): string[] {
  const { bold, dim } = colors
  const table = tableLines({
    head: ['column', 'type', 'missing', 'distinct', 'distribution', 'values', ''].map((word) => bold(word)),
    rows,
    align: ['left', 'left', 'right', 'right', 'left', 'left', 'left'],
  })
  const lines = [...heading, '', ...(rows.length === 0 ? [dim('no columns')] : table)]
  if (hasUnicode) return lines
  return lines.map((line) => line.replaceAll('…', '..').replaceAll('±', '+-').replaceAll('→', '->'))
}

/** What is said of a column, behind its name. */
function cellsOf(column: ColumnProfile, { rows }: RelationProfile, { colors, hasUnicode }: Look): string[] {
  const { dim, yellow } = colors
  return [
    dim(oneLine(column.type)),
    column.missing === 0 ? dim('0 %') : yellow(shareText(column.missing, rows)),
    formatCount(column.distinct),
    smallBars(barsOf(column), hasUnicode),
    oneLineOf(columnWords(column)),
    yellow(columnFindings(column, rows).join(', ')),
  ]
}

/** The heights of a column's bars: of its histogram, or of its most frequent values. */
export function barsOf({ histogram, mostFrequent }: ColumnProfile): readonly number[] {
  return histogram ? histogram.counts : mostFrequent.map(({ count }) => count)
}

const blocks = { unicode: [...' ▁▂▃▄▅▆▇█'], ascii: [...' .:-=+*#@'] }

/** Counts as bars of one character each; what is not nothing can be seen. */
export function smallBars(counts: readonly number[], hasUnicode: boolean): string {
  const ramp = hasUnicode ? blocks.unicode : blocks.ascii
  const most = Math.max(1, ...counts)
  return counts.map((count) => ramp[Math.ceil((count / most) * (ramp.length - 1))]).join('')
}

function oneLineOf(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
}
