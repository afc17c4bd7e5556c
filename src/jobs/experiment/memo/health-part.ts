import type { HealthRow } from '../../../core/experiment-tables.ts'
import { type Block, heading, paragraph, table } from '../../document/document.ts'
import type { MemoInput } from './memo-input.ts'
import { count, spoken } from './words.ts'

/** Whether the data are such that their results mean something. */
export function healthPart({ health }: MemoInput): Block[] {
  if (health.length === 0) return []
  const shown = health.filter((row) => row.verdict !== 'ok' || isWhole(row))
  const fine = health.length - shown.length
  return [
    heading(2, 'Health'),
    ...health
      .filter(refuses)
      .map((row): Block => ({ kind: 'callout', tone: 'bad', text: `${row.message} The lifts are refused.` })),
    ...health
      .filter((row) => row.overrideReason !== null)
      .map(
        (row): Block => ({
          kind: 'callout',
          tone: 'bad',
          text: `${row.message} Let pass because: ${row.overrideReason}`,
        }),
      ),
    table(
      ['check', 'of', 'verdict', 'what was found'],
      shown.map((row) => [
        spoken(row.checkName),
        scopeOf(row),
        row.verdict.replaceAll('_', ' '),
        row.message,
      ]),
    ),
    ...(fine > 0
      ? [paragraph(`${count(fine)} more checks of single segments, metrics and arms found nothing.`)]
      : []),
  ]
}

/** Whether a check failed that nobody let pass. */
export function refuses(row: HealthRow): boolean {
  return row.verdict === 'fail' && row.critical && row.overrideReason === null
}

function isWhole({ segmentName, outcome }: HealthRow): boolean {
  return segmentName === null && outcome === null
}

function scopeOf({ outcome, treatment, segmentName, segmentValue }: HealthRow): string {
  const segment = segmentName === null ? null : `${segmentName} = ${segmentValue ?? 'unknown'}`
  return [outcome, treatment, segment].filter((part) => part !== null).join(', ') || 'everybody'
}
