import type { ExperimentOutcome, ExperimentSpec } from '../../../core/experiment-spec.ts'
import { type Block, heading, list, paragraph, table } from '../../document/document.ts'
import type { MemoInput } from './memo-input.ts'
import { amount, count, listed, spoken } from './words.ts'

/** Who was compared with whom, on what, and by which rules that were fixed before. */
export function designPart({ spec, estimates }: MemoInput): Block[] {
  const outcomes = spec.outcomes.map((outcome) => [
    outcome.name,
    outcome.role,
    outcome.source.kind,
    outcome.better,
    limitOf(outcome),
    outcome.description,
  ])
  const units = estimates.find(({ estimand }) => estimand === 'sample_ratio')
  return [
    heading(2, 'Design'),
    list([
      `${listed(spec.treatments)} against ${spec.control}, planned in the ratio ${ratioOf(spec)}.`,
      ...whenOf(spec),
      ...(units?.n == null ? [] : [`${count(units.n)} units${observedOf(units.diagnostics)}.`]),
      ...planOf(spec),
    ]),
    paragraph('What was measured, declared before the analysis:'),
    table(['metric', 'role', 'kind', 'good is', 'limit', 'meaning'], outcomes),
  ]
}

function ratioOf({ control, treatments, expectedWeights }: ExperimentSpec): string {
  return [control, ...treatments].map((arm) => `${arm} ${expectedWeights[arm] ?? 0}`).join(' : ')
}

/** `: a 20 and b 21`, ` in 41 clusters: a 20 and b 21`. */
function observedOf({ observed = {}, counted }: Readonly<Record<string, unknown>>): string {
  const sizes = Object.entries(observed as Readonly<Record<string, number>>)
  const all = sizes.reduce((sum, [, size]) => sum + size, 0)
  const clusters = counted === 'clusters' ? ` in ${count(all)} clusters` : ''
  return `${clusters}: ${listed(sizes.map(([arm, size]) => `${arm} ${count(size)}`))}`
}

function whenOf({ data, asOf }: ExperimentSpec): string[] {
  const until = `Results as of ${asOf}.`
  if (data.kind === 'units') return [until]
  const crossovers = {
    exclude: 'units seen in more than one arm are left out',
    first_arm: 'units count for the arm that they were first seen in',
    fail: 'a unit seen in more than one arm stops the analysis',
  }[data.crossovers]
  return [`From ${data.start} to ${data.end}; ${crossovers}.`, until]
}

function planOf({ ciLevel, sequential, multiplicity, strata, cluster, prior }: ExperimentSpec): string[] {
  const level = `Intervals at ${Number((ciLevel * 100).toPrecision(4))} %`
  const correction =
    multiplicity.correction === 'none'
      ? 'p-values are not adjusted for the number of tests'
      : `p-values are adjusted over ${multiplicity.family === 'all' ? 'all metrics' : `the ${multiplicity.family}`} after ${spoken(multiplicity.correction)}`
  return [
    `${level}; ${correction}.`,
    ...(sequential
      ? [`Sequential plan: ${spoken(sequential.kind)}; results may be looked at any day that it allows.`]
      : ['No sequential plan: fixed-horizon intervals hold for one look at the end.']),
    ...(strata.length > 0 ? [`Stratified by ${listed(strata)}.`] : []),
    ...(cluster === undefined ? [] : [`Clustered by ${cluster}.`]),
    ...(prior ? [`Prior on the ${prior.scale} effect: mean ${prior.mean}, SD ${prior.sd}.`] : []),
  ]
}

function limitOf({ margin, minimumEffect }: ExperimentOutcome): string {
  const say = (words: string, limit: { relative?: number; absolute?: number } | undefined): string[] =>
    limit === undefined
      ? []
      : [
          limit.relative === undefined
            ? `${words} ${amount(limit.absolute ?? 0, 'absolute').replace('+', '')}`
            : `${words} ${amount(limit.relative, 'relative').replace('+', '')}`,
        ]
  return [...say('may get worse by', margin), ...say('worth shipping from', minimumEffect)].join('; ')
}
