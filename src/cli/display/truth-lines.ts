import type { TruthComparison } from '../../run/compare-with-truth.ts'
import type { Colors } from '../output.ts'
import { formatSigned, formatSignedPercent } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * Estimates beside the truth that the generator put into the data, in words that need no statistics.
 */

/** A table for each experiment, and a sentence about how often the intervals were right. */
export function truthLines(comparisons: readonly TruthComparison[], colors: Colors): string[] {
  const jobs = [...new Set(comparisons.map(({ job }) => job))]
  const lines = jobs.flatMap((job) =>
    experimentLines(
      job,
      comparisons.filter((comparison) => comparison.job === job),
      colors,
    ),
  )
  const judged = comparisons.filter(({ covered }) => covered !== null)
  if (judged.length === 0) return lines
  const covering = judged.filter(({ covered }) => covered).length
  const sentence =
    `${covering} of ${judged.length} intervals hold the true effect. ` +
    'A 95 % interval is made so that it does 19 times out of 20.'
  return [...lines, '', sentence]
}

function experimentLines(job: string, comparisons: readonly TruthComparison[], colors: Colors): string[] {
  const { bold } = colors
  const knowsTruth = comparisons.some(({ truth }) => truth !== null)
  const severalArms = new Set(comparisons.map(({ treatment }) => treatment)).size > 1
  const rows = comparisons.map((comparison) => [
    severalArms ? `${comparison.outcome} (${comparison.treatment})` : comparison.outcome,
    methodWords[comparison.method] ?? comparison.method.replaceAll('_', ' '),
    comparison.estimate === null ? 'refused' : effect(comparison.estimate, comparison),
    interval(comparison),
    ...(knowsTruth ? [comparison.truth === null ? '' : effect(comparison.truth, comparison)] : []),
    verdict(comparison, colors),
  ])
  const head = ['effect on', 'method', 'estimate', '95 % interval', ...(knowsTruth ? ['truth'] : []), '']
  const align = head.map((title) => (isNumber.has(title) ? 'right' : 'left'))
  const question = comparisons[0]?.question.trim()
  return [
    '',
    `${bold(`Experiment ${job}`)}${question ? `: ${question}` : ''}`,
    ...tableLines({ head: head.map((title) => bold(title)), rows, align }),
  ]
}

const isNumber = new Set(['estimate', '95 % interval', 'truth'])

const methodWords: Readonly<Record<string, string>> = {
  difference_in_means: 'difference of means',
  relative_lift: 'relative lift',
  cuped: 'difference, with CUPED',
  cuped_relative: 'relative lift, with CUPED',
  proportion_z_test: 'difference of shares',
}

function effect(value: number, { scale }: TruthComparison): string {
  return scale === 'relative' ? formatSignedPercent(value) : formatSigned(value)
}

function interval(comparison: TruthComparison): string {
  const { ciLower, ciUpper } = comparison
  if (ciLower === null || ciUpper === null) return ''
  return `${effect(ciLower, comparison)} to ${effect(ciUpper, comparison)}`
}

function verdict({ status, reason, covered }: TruthComparison, colors: Colors): string {
  if (status === 'refused') return colors.yellow(reason ?? 'refused')
  if (covered === null) return ''
  return covered ? colors.green('holds the truth') : colors.yellow('misses the truth')
}
