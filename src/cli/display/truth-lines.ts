import type { TruthComparison } from '../../run/compare-with-truth.ts'
import type { Colors } from '../output.ts'
import { formatCount, formatSigned, formatSignedPercent } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * Estimates beside the truth that the generator put into the data, in words that need no statistics.
 */

/** What is said about the experiment that a job analyses, from its own declaration. */
export interface JobFacts {
  readonly ciLevel: number
  /** Where all its estimates are. */
  readonly relation: string
}

/** A table for each experiment, and a sentence about how often the intervals were right. */
export function truthLines(
  comparisons: readonly TruthComparison[],
  factsOf: (job: string) => JobFacts,
  colors: Colors,
): string[] {
  const jobs = [...new Set(comparisons.map(({ job }) => job))]
  const tables = jobs.map((job) => mostTelling(comparisons.filter((comparison) => comparison.job === job)))
  const lines = tables.flatMap((table) => experimentLines(table, factsOf(table[0]!.job), colors))
  const judged = tables.flat().filter(({ covered }) => covered !== null)
  if (judged.length === 0) return lines
  const covering = judged.filter(({ covered }) => covered).length
  const expected = judged.reduce((sum, { job }) => sum + factsOf(job).ciLevel, 0)
  const verb = judged.length === 1 ? 'interval holds' : 'intervals hold'
  const sentence = `${covering} of ${judged.length} ${verb} the true effect; about ${Math.round(expected)} should.`
  return [...lines, '', sentence]
}

function experimentLines(comparisons: readonly TruthComparison[], facts: JobFacts, colors: Colors): string[] {
  const { bold, dim } = colors
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
  const intervalTitle = `${formatCount(facts.ciLevel * 100)} % interval`
  const head = ['effect on', 'method', 'estimate', intervalTitle, ...(knowsTruth ? ['truth'] : []), '']
  const isNumber = new Set(['estimate', intervalTitle, 'truth'])
  const [first] = comparisons
  const question = first?.question.trim()
  return [
    '',
    `${bold(`Experiment ${first?.job}`)}${question ? `: ${question}` : ''}`,
    ...tableLines({
      head: head.map((title) => bold(title)),
      rows,
      align: head.map((title) => (isNumber.has(title) ? 'right' : 'left')),
    }),
    dim(`all estimates, by segment too: ${facts.relation}`),
  ]
}

/**
 * The relative estimates of outcomes that have any, of which the absolute ones say the same in other units; and of
 * those the ones whose truth is known, when it is known for some.
 */
function mostTelling(comparisons: readonly TruthComparison[]): readonly TruthComparison[] {
  const relative = new Set(
    comparisons.filter(({ scale }) => scale === 'relative').map(({ outcome }) => outcome),
  )
  const concise = comparisons.filter(({ scale, outcome }) => scale === 'relative' || !relative.has(outcome))
  const known = concise.filter(({ truth }) => truth !== null)
  return known.length > 0 ? known : concise
}

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
