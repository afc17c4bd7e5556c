import type { MetricTopic } from '../../../core/metrics-spec.ts'
import { type Block, heading, table } from '../../document/document.ts'
import { differs, heterogeneity, namedWithEffect, winners } from './cohorts-part.ts'
import { refuses } from './health-part.ts'
import { headline, liftsOf, type MemoInput, outcomesOf } from './memo-input.ts'
import { agreement } from './sensitivity-part.ts'
import { listed, withInterval } from './words.ts'

/** The five questions that those who decide ask, each answered from the rows, or with why it cannot be. */
export function questionsPart(input: MemoInput): Block[] {
  const rows = input.spec.treatments.flatMap((treatment) => {
    const of = (question: string): string =>
      input.spec.treatments.length > 1 ? `${question} (${treatment})` : question
    return [
      [of('Did engagement rise?'), effects(input, treatment, ['engagement'])],
      [
        of('What is the effect on retention and revenue?'),
        effects(input, treatment, ['retention', 'revenue']),
      ],
      [of('Which cohorts gained most?'), gains(input, treatment)],
      [of('Is it significant and robust?'), robustness(input, treatment)],
      [of('Should it be launched globally?'), launch(input, treatment)],
    ]
  })
  return [heading(2, 'The five questions'), table(['question', 'answer'], rows)]
}

function effects(input: MemoInput, treatment: string, topics: readonly MetricTopic[]): string {
  const asked = input.spec.outcomes.filter(({ about }) => about !== undefined && topics.includes(about))
  if (asked.length === 0) return `No metric is declared with about: ${topics.join(' or ')}.`
  return asked
    .map(({ name }) => {
      const row = headline(input, name, treatment)
      if (!row) return `${name}: not estimated`
      if (row.status === 'refused') return `${name}: refused, ${row.reason}`
      return `${name}: ${direction(row.ciLower, row.ciUpper)}, ${withInterval(row)}`
    })
    .join('. ')
    .concat('.')
}

function direction(lower: number | null, upper: number | null): string {
  if (lower !== null && lower > 0) return 'up'
  if (upper !== null && upper < 0) return 'down'
  return 'no change that can be told from zero'
}

function gains(input: MemoInput, treatment: string): string {
  if (input.spec.segments.length === 0) return 'The experiment declares no segments.'
  return outcomesOf(input.spec, 'goal')
    .map(({ name }) => {
      const best = winners(input, name, treatment).slice(0, 3)
      const differing = heterogeneity(input, name, treatment).filter((row) => differs(input, row))
      const caution =
        differing.length === 0
          ? 'the segments cannot be told to differ'
          : `the effect differs by ${listed(differing.map(({ segmentName }) => segmentName!))}`
      return best.length === 0
        ? `${name}: no cohort gains by more than chance`
        : `${name}: ${namedWithEffect(best)}; ${caution}`
    })
    .join('. ')
    .concat('.')
}

function robustness(input: MemoInput, treatment: string): string {
  const failed = input.health.filter(refuses)
  if (failed.length > 0) return `No: ${failed.map(({ message }) => message).join(' ')}`
  return outcomesOf(input.spec, 'goal')
    .map(({ name }) => `${name}: ${agreement(liftsOf(input, name, treatment))}`)
    .join(' ')
}

function launch({ decisions }: MemoInput, treatment: string): string {
  const row = decisions.find((entry) => entry.treatment === treatment && entry.segmentName === null)
  if (!row) return 'No decision rule is declared.'
  const where = decisions.filter(
    (entry) => entry.treatment === treatment && entry.segmentName !== null && entry.decision === 'ship',
  )
  switch (row.launch) {
    case 'globally':
      return `Yes. ${row.reason}`
    case 'to_segments':
      return `No, but to ${listed(where.map(({ segmentName, segmentValue }) => `${segmentName}: ${segmentValue}`))}. ${row.reason}`
    case 'not_yet':
      return `Not yet. ${row.reason}`
    default:
      return `No. ${row.reason}`
  }
}
