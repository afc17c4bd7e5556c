import type { Estimate } from '../../../core/estimate.ts'
import { type Block, chart, heading, paragraph, table } from '../../document/document.ts'
import { intervalChart } from '../../document/interval-charts.ts'
import { headline, type MemoInput, outcomesOf } from './memo-input.ts'
import { amount, count, interval, listed, probability } from './words.ts'

/** Which segments gain most, and whether they differ by more than chance. */
export function cohortsPart(input: MemoInput): Block[] {
  if (input.spec.segments.length === 0) return []
  const blocks = outcomesOf(input.spec, 'goal').flatMap(({ name }) =>
    input.spec.treatments.flatMap((treatment) => ofOutcome(input, name, treatment)),
  )
  return blocks.length === 0 ? [] : [heading(2, 'Cohorts'), ...blocks]
}

function ofOutcome(input: MemoInput, outcome: string, treatment: string): Block[] {
  const rows = cohortsOf(input, outcome, treatment)
  if (rows.length === 0) return []
  const isPooled = rows.some((row) => pooledOf(input, row) !== undefined)
  const title = input.spec.treatments.length > 1 ? `${outcome}, ${treatment}` : outcome
  return [
    heading(3, title),
    table(
      ['cohort', 'units', 'effect', 'interval', 'p', 'adjusted p', ...(isPooled ? ['pooled'] : [])],
      rows.map((row) => [
        cohortName(row),
        count(row.n),
        ...(row.status === 'refused'
          ? ['refused', row.reason ?? '']
          : [amount(row.estimate, row.scale), interval(row)]),
        ...[probability(row.pValue), probability(row.pValueAdjusted)],
        ...(isPooled ? [pooledText(pooledOf(input, row))] : []),
      ]),
      [1, 2, 3, 4, 5, 6],
    ),
    ...(isPooled
      ? [
          paragraph(
            'Pooled effects are drawn towards that of all cohorts, the more the less they are known: of many noisy effects the largest is mostly noise. Cohorts are ranked by them.',
          ),
        ]
      : []),
    ...chartOf(rows),
    ...heterogeneity(input, outcome, treatment).map((row) => paragraph(differenceWords(input, row))),
  ]
}

/** The effect of a cohort drawn towards that of all, where the experiment asks for it. */
function pooledOf(
  { estimates }: MemoInput,
  { outcome, treatment, scale, segmentName, segmentValue }: Estimate,
): Estimate | undefined {
  return estimates.find(
    (row) =>
      row.method === 'partial_pooling' &&
      row.status === 'ok' &&
      row.outcome === outcome &&
      row.treatment === treatment &&
      row.scale === scale &&
      row.segmentName === segmentName &&
      row.segmentValue === segmentValue,
  )
}

function pooledText(row: Estimate | undefined): string {
  return row ? `${amount(row.estimate, row.scale)}, ${interval(row)}` : ''
}

/** More is better: the gain that cohorts are ranked by, pooled where it is known. */
function gainOf(input: MemoInput, row: Estimate): number {
  const { estimate } = pooledOf(input, row) ?? row
  return estimate === null ? -Number.MAX_VALUE : estimate * signOf(input, row.outcome)
}

function signOf({ spec }: MemoInput, outcome: string): 1 | -1 {
  return spec.outcomes.find(({ name }) => name === outcome)?.better === 'lower' ? -1 : 1
}

/** The segments' estimates by the method that stands for the outcome, those that gain most first within a segment. */
export function cohortsOf(input: MemoInput, outcome: string, treatment: string): readonly Estimate[] {
  const chosen = headline(input, outcome, treatment)
  if (!chosen) return []
  return input.estimates
    .filter(
      (row) =>
        row.segmentName !== null &&
        row.outcome === outcome &&
        row.treatment === treatment &&
        row.method === chosen.method &&
        row.scale === chosen.scale &&
        row.estimand === chosen.estimand,
    )
    .toSorted(
      (a, b) =>
        input.spec.segments.indexOf(a.segmentName!) - input.spec.segments.indexOf(b.segmentName!) ||
        gainOf(input, b) - gainOf(input, a) ||
        0,
    )
}

/** The tests of whether the values of a segment differ. */
export function heterogeneity(input: MemoInput, outcome: string, treatment: string): readonly Estimate[] {
  return input.estimates.filter(
    (row) => row.estimand === 'heterogeneity' && row.outcome === outcome && row.treatment === treatment,
  )
}

export function cohortName({
  segmentName,
  segmentValue,
}: Pick<Estimate, 'segmentName' | 'segmentValue'>): string {
  return `${segmentName}: ${segmentValue ?? 'unknown'}`
}

function chartOf(rows: readonly Estimate[]): Block[] {
  const shown = rows.flatMap((row) =>
    row.estimate !== null && row.ciLower !== null && row.ciUpper !== null
      ? [
          {
            ...{ label: cohortName(row), group: row.segmentName! },
            ...{ estimate: row.estimate, lower: row.ciLower, upper: row.ciUpper },
          },
        ]
      : [],
  )
  if (shown.length === 0) return []
  const scale = rows[0]!.scale
  return [chart('The effect in each cohort.', intervalChart(shown, `${scale} effect`, scale))]
}

/** Whether the values of a segment can be told to differ, at the level of the intervals. */
export function differs({ spec }: MemoInput, { pValue, pValueAdjusted }: Estimate): boolean {
  return (pValueAdjusted ?? pValue ?? 1) < 1 - spec.ciLevel
}

function differenceWords(input: MemoInput, row: Estimate): string {
  const { segmentName, pValue, pValueAdjusted, status, reason } = row
  if (status === 'refused') return `Whether the effect differs by ${segmentName} was not tested: ${reason}.`
  const p = pValueAdjusted ?? pValue
  if (p === null) return `Whether the effect differs by ${segmentName} was not tested.`
  return `${differs(input, row) ? 'The effect differs' : 'The effect cannot be told to differ'} by ${segmentName} (p ${p < 0.001 ? '< 0.001' : `= ${probability(p)}`}).`
}

/** Cohorts whose interval (the pooled one, where there is one) leaves out zero on the good side, best first. */
export function winners(input: MemoInput, outcome: string, treatment: string): readonly Estimate[] {
  const isGood = ({ ciLower, ciUpper }: Estimate): boolean =>
    signOf(input, outcome) > 0 ? ciLower !== null && ciLower > 0 : ciUpper !== null && ciUpper < 0
  return cohortsOf(input, outcome, treatment)
    .map((row) => pooledOf(input, row) ?? row)
    .filter(isGood)
    .toSorted((a, b) => gainOf(input, b) - gainOf(input, a))
}

/** `region: north (+3.1 %), device: phone (+2.0 %)`. */
export function namedWithEffect(rows: readonly Estimate[]): string {
  return listed(rows.map((row) => `${cohortName(row)} (${amount(row.estimate, row.scale)})`))
}
