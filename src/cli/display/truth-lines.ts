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
  const lines = jobs.flatMap((job) => experimentLines(job, comparisons, colors))
  const judged = comparisons.filter(hasEstimate)
  if (judged.length === 0) return lines
  const covering = judged.filter(({ covered }) => covered).length
  const sentence =
    `${covering} of ${judged.length} intervals hold the true effect. ` +
    'A 95 % interval is made to hold it 19 times out of 20.'
  return [...lines, '', sentence]
}

function experimentLines(job: string, comparisons: readonly TruthComparison[], colors: Colors): string[] {
  const rows = comparisons
    .filter((comparison) => comparison.job === job)
    .map((comparison) => [
      comparison.outcome,
      methodWords[comparison.method] ?? comparison.method.replaceAll('_', ' '),
      ...(hasEstimate(comparison)
        ? [number(comparison.estimate, comparison), interval(comparison)]
        : ['refused', '']),
      number(comparison.truth, comparison),
      verdict(comparison, colors),
    ])
  const head = ['effect on', 'method', 'estimate', '95 % interval', 'truth', ''].map((title) =>
    colors.bold(title),
  )
  return [
    '',
    `${colors.bold(`Experiment ${job}`)}: what the analysis found, beside what the generator put into the data`,
    ...tableLines({ head, rows, align: ['left', 'left', 'right', 'right', 'right', 'left'] }),
  ]
}

const methodWords: Readonly<Record<string, string>> = {
  difference_in_means: 'difference of means',
  relative_lift: 'relative lift',
  cuped: 'difference, with CUPED',
  cuped_relative: 'relative lift, with CUPED',
  proportion_z_test: 'difference of shares',
}

type Judged = TruthComparison & {
  readonly estimate: number
  readonly ciLower: number
  readonly ciUpper: number
}

function hasEstimate(comparison: TruthComparison): comparison is Judged {
  return comparison.estimate !== null && comparison.ciLower !== null && comparison.ciUpper !== null
}

function number(value: number, { scale }: TruthComparison): string {
  return scale === 'relative' ? formatSignedPercent(value) : formatSigned(value)
}

function interval(comparison: Judged): string {
  return `${number(comparison.ciLower, comparison)} to ${number(comparison.ciUpper, comparison)}`
}

function verdict(comparison: TruthComparison, colors: Colors): string {
  if (!hasEstimate(comparison)) return colors.yellow('no estimate')
  return comparison.covered ? colors.green('holds the truth') : colors.yellow('misses the truth')
}
