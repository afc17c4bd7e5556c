import { escapeHtml } from '../../core/escape-html.ts'
import type { ColumnProfile, RelationProfile } from '../../jobs/profile/relation-profile.ts'
import { formatCount } from './numbers.ts'
import {
  columnFindings,
  columnWords,
  numberText,
  pairColumns,
  profileSummary,
  shareText,
  timeText,
} from './profile-words.ts'

/** A profile as one HTML page that loads nothing: its bars are SVG within it. */
export function profilePage(profile: RelationProfile): string {
  const name = nameOf(profile)
  const rows = profile.columns.map((column) => columnRow(column.name, column, profile))
  return page(name, [`<h1>${name}</h1>`, ...summaryOf(profile)], rows)
}

/** Two profiles as one page, say before and after cleaning: each column of the second stands below that of the first. */
export function comparedPage(before: RelationProfile, after: RelationProfile): string {
  const [first, second] = [nameOf(before), nameOf(after)]
  const rows = pairColumns(before, after).flatMap((pair) => [
    ...(pair.before
      ? [columnRow(pair.after ? pair.name : `${pair.name} (only before)`, pair.before, before)]
      : []),
    ...(pair.after ? [columnRow(pair.before ? '→' : `${pair.name} (only after)`, pair.after, after)] : []),
  ])
  const heading = [
    `<h1>${first} → ${second}</h1>`,
    ...[`<h2>${first}</h2>`, ...summaryOf(before)],
    ...[`<h2>→ ${second}</h2>`, ...summaryOf(after)],
  ]
  return page(`${first} → ${second}`, heading, rows)
}

function nameOf({ relation }: RelationProfile): string {
  return escapeHtml(`${relation.schema}.${relation.identifier}`)
}

function summaryOf(profile: RelationProfile): string[] {
  return profileSummary(profile).map((line) => `<p>${escapeHtml(line)}</p>`)
}

/** The page around rows of columns; all of it is HTML already. */
function page(title: string, heading: readonly string[], rows: readonly string[]): string {
  const head = ['column', 'type', 'missing', 'distinct', 'distribution', 'values', 'most frequent', '']
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
  body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff; }
  h2 { font-size: 1rem; margin-bottom: 0; }
  table { border-collapse: collapse; }
  th, td { text-align: left; vertical-align: top; padding: .4rem .8rem; border-bottom: 1px solid #ddd; }
  td.number { text-align: right; font-variant-numeric: tabular-nums; }
  td { overflow-wrap: anywhere; }
  svg rect { fill: #4477aa; }
  .finding { color: #b25000; }
  small { color: #666; }
</style>
${heading.join('\n')}
<table>
<thead><tr>${head.map((word) => `<th scope="col">${word}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</html>
`
}

function columnRow(name: string, column: ColumnProfile, { rows }: RelationProfile): string {
  const frequent = column.mostFrequent.map(
    ({ value, count }) => `${escapeHtml(value)} <small>${formatCount(count)}</small>`,
  )
  return `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(column.type)}</td>${[
    `<td class="number">${escapeHtml(shareText(column.missing, rows))}</td>`,
    `<td class="number">${formatCount(column.distinct)}</td>`,
    `<td>${histogramPicture(column)}</td>`,
    `<td>${escapeHtml(columnWords(column))}</td>`,
    `<td>${frequent.join('<br>')}</td>`,
    `<td class="finding">${escapeHtml(columnFindings(column, rows).join(', '))}</td>`,
  ].join('')}</tr>`
}

const picture = { width: 200, height: 40 }

/** The bars with their ends; each tells its range and count when pointed at. */
function histogramPicture({ histogram, kind, type }: ColumnProfile): string {
  if (!histogram) return ''
  const { from, to, counts } = histogram
  const show = (value: number): string => (kind === 'time' ? timeText(value, type) : numberText(value))
  const most = Math.max(1, ...counts)
  const width = picture.width / counts.length
  const bars = counts.map((count, index) => {
    const height = (count / most) * picture.height
    const at = (place: number): string => show(from + ((to - from) * place) / counts.length)
    const title = escapeHtml(`${at(index)} to ${at(index + 1)}: ${formatCount(count)}`)
    return `<rect x="${round(index * width)}" y="${round(picture.height - height)}" width="${round(width * 0.9)}" height="${round(height)}"><title>${title}</title></rect>`
  })
  const size = `width="${picture.width}" height="${picture.height}"`
  return `<svg ${size} role="img" aria-label="distribution">${bars.join('')}</svg><br><small>${escapeHtml(`${show(from)} to ${show(to)}`)}</small>`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
