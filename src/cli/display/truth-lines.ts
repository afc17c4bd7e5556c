import type { TruthComparison } from '../../core/truth-comparison.ts'
import type { Colors } from '../output.ts'
import { formatSigned, formatSignedPercent } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * What the experiments found beside the truth that the generator put into the data: a line for each effect that an
 * experiment was run for. All the others are a command away.
 */

/** What is said about the experiment that a job analyses. */
export interface JobFacts {
  readonly ciLevel: number
  /** The outcomes that it was run for; where there are none, all are shown. */
  readonly goals: readonly string[]
  /** What to do, by treatment; nothing where no decision was asked for. */
  readonly decisions: ReadonlyMap<string, string>
}

/** One table of all experiments, and a sentence about how often the intervals were right. */
export function truthLines(
  comparisons: readonly TruthComparison[],
  factsOf: (job: string) => JobFacts,
  colors: Colors,
): string[] {
  const told = mostTelling(comparisons)
  if (told.length === 0) return []
  const knowsTruth = told.some(({ truth }) => truth !== null)
  const jobs = [...new Set(told.map(({ job }) => job))]
  const title = knowsTruth
    ? 'What the experiments say, beside the truth that was put into the data'
    : 'What the experiments say'
  const rows = jobs.flatMap((job) =>
    experimentRows(
      told.filter((comparison) => comparison.job === job),
      factsOf(job),
      knowsTruth,
      colors,
    ),
  )
  const head = ['experiment', 'effect on', 'estimate', 'interval', ...(knowsTruth ? ['truth'] : []), '']
  const isNumber = new Set(['estimate', 'interval', 'truth'])
  return [
    '',
    colors.bold(title),
    ...tableLines({
      head: head.map((name) => colors.bold(name)),
      rows,
      align: head.map((name) => (isNumber.has(name) ? 'right' : 'left')),
    }),
    ...coverageLines(told, factsOf),
    colors.dim(`more of one, by segment too: npx estimand experiment show ${jobs[0]}`),
  ]
}

/** How many intervals hold the truth, over all effects whose truth is known, also those that have no line. */
function coverageLines(told: readonly TruthComparison[], factsOf: (job: string) => JobFacts): string[] {
  const judged = told.filter(({ covered }) => covered !== null)
  if (judged.length === 0) return []
  const covering = judged.filter(({ covered }) => covered).length
  const expected = judged.reduce((sum, { job }) => sum + factsOf(job).ciLevel, 0)
  const verb = judged.length === 1 ? 'interval holds' : 'intervals hold'
  return [`${covering} of ${judged.length} ${verb} the true effect; about ${Math.round(expected)} should.`]
}

function experimentRows(
  all: readonly TruthComparison[],
  { goals, decisions }: JobFacts,
  knowsTruth: boolean,
  colors: Colors,
): string[][] {
  const wanted = goals.length === 0 ? all : all.filter(({ outcome }) => goals.includes(outcome))
  const severalArms = new Set(all.map(({ treatment }) => treatment)).size > 1
  let last = { job: '', treatment: '' }
  return wanted.map((comparison) => {
    const { job, outcome, treatment, status, reason, estimate, truth, covered } = comparison
    const first = { job: job !== last.job, treatment: treatment !== last.treatment }
    last = { job, treatment }
    const decision = first.treatment ? decisions.get(treatment)?.replaceAll('_', ' ') : undefined
    const remarks = [
      ...(status === 'refused'
        ? [colors.yellow(`refused: ${firstPart(reason)}`)]
        : decision
          ? [decision]
          : []),
      ...(covered === false ? [colors.yellow('misses the truth')] : []),
    ]
    return [
      first.job ? job : '',
      severalArms ? `${outcome} (${treatment})` : outcome,
      estimate === null ? '' : effect(estimate, comparison),
      interval(comparison),
      ...(knowsTruth ? [truth === null ? '' : effect(truth, comparison)] : []),
      remarks.join(', '),
    ]
  })
}

/** Up to its first stop: the whole reason stands in the table. */
function firstPart(reason: string | null): string {
  return (reason ?? 'no reason given').split(/[:;(]/)[0]!.trim()
}

/** From what an effect is best told by: as a share, and as precisely as can be. */
const tellingMethods = [
  ...['group_sequential', 'confidence_sequence', 'msprt', 'cluster_robust'],
  ...['cuped_relative', 'post_stratified', 'stratified', 'relative_lift', 'quantile_difference'],
]

/** One estimate of each effect: the relative one, of which the absolute ones say the same in other units. */
function mostTelling(comparisons: readonly TruthComparison[]): TruthComparison[] {
  const best = new Map<string, TruthComparison>()
  for (const comparison of comparisons) {
    const key = JSON.stringify([comparison.job, comparison.treatment, comparison.outcome])
    const found = best.get(key)
    if (!found || rankOf(comparison) < rankOf(found)) best.set(key, comparison)
  }
  return [...best.values()]
}

function rankOf({ status, scale, method }: TruthComparison): number {
  const place = tellingMethods.indexOf(method)
  return (
    (status === 'refused' ? 10_000 : 0) +
    (scale === 'relative' ? 0 : 1000) +
    (place === -1 ? tellingMethods.length : place)
  )
}

function effect(value: number, { scale }: TruthComparison): string {
  return scale === 'relative' ? formatSignedPercent(value) : formatSigned(value)
}

function interval(comparison: TruthComparison): string {
  const { ciLower, ciUpper } = comparison
  if (ciLower === null || ciUpper === null) return ''
  return `${effect(ciLower, comparison)} to ${effect(ciUpper, comparison)}`
}
