import type { ColumnProfile, RelationProfile } from '../../jobs/profile/relation-profile.ts'
import type { Colors } from '../output.ts'
import { formatCount } from './numbers.ts'
import { columnFindings, columnWords, oneLine, profileSummary, shareText } from './profile-words.ts'
import { tableLines } from './table.ts'

/** A profile for the terminal: a line for each column, with its bars. */
export function profileLines(
  profile: RelationProfile,
  { colors, hasUnicode }: { readonly colors: Colors; readonly hasUnicode: boolean },
): string[] {
  const { relation, columns, rows } = profile
  const { bold, dim, yellow } = colors
  const table = tableLines({
    head: ['column', 'type', 'missing', 'distinct', 'distribution', 'values', ''].map((word) => bold(word)),
    rows: columns.map((column) => [
      oneLine(column.name),
      dim(oneLine(column.type)),
      column.missing === 0 ? dim('0 %') : yellow(shareText(column.missing, rows)),
      formatCount(column.distinct),
      smallBars(barsOf(column), hasUnicode),
      oneLineOf(columnWords(column)),
      yellow(columnFindings(column, rows).join(', ')),
    ]),
    align: ['left', 'left', 'right', 'right', 'left', 'left', 'left'],
  })
  const title = bold(`${relation.schema}.${relation.identifier}`)
  const shown = columns.length === 0 ? [dim('no columns')] : table
  const lines = [title, ...profileSummary(profile), '', ...shown]
  return hasUnicode ? lines : lines.map((line) => line.replaceAll('…', '..').replaceAll('±', '+-'))
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
