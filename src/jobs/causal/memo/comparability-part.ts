import { type Block, chart, heading, paragraph, table } from '../../document/document.ts'
import { count, spoken } from '../../experiment/memo/words.ts'
import { percentOf } from '../causal-words.ts'
import { lovePlot, overlapChart } from './causal-charts.ts'
import type { CausalMemoInput } from './memo-input.ts'
import { targetWords } from './results-part.ts'

/** Whether like was compared with like: balance and overlap. */
export function comparabilityPart({ spec, balance, overlap }: CausalMemoInput): Block[] {
  const [first] = spec.outcomes
  const [estimand] = spec.estimands
  const shown = balance.filter(
    (row) => row.outcome === first!.name && (row.estimand === estimand || row.estimand === 'ato'),
  )
  const summaries = overlap.filter(({ kind, outcome }) => kind === 'summary' && outcome === first!.name)
  if (shown.length === 0 && summaries.length === 0) return []
  const methods = [...new Set(shown.map(({ method }) => method))]
  const worst = methods.map((method) => {
    const own = shown.filter((row) => row.method === method && row.adjusted)
    return [
      spoken(method),
      Math.max(0, ...own.map(({ standardizedDifference }) => Math.abs(standardizedDifference ?? 0))).toFixed(
        3,
      ),
    ]
  })
  return [
    heading(2, 'Was like compared with like?'),
    ...(shown.length > 0
      ? [
          chart(
            'Love plot: how far treated and others differ in each covariate; beyond 0.1 is worth a look.',
            lovePlot(shown),
          ),
          table(['', 'largest difference among covariates'], worst, [1]),
        ]
      : []),
    ...(summaries.length > 0
      ? [
          chart(
            'Treated units above the line, others below, by how likely each was to be treated.',
            overlapChart(overlap.filter(({ outcome }) => outcome === first!.name)),
          ),
          table(
            ['group', 'of', 'units', 'worth after weighting', 'without counterpart'],
            summaries.map((row) => [
              row.groupName,
              targetWords(row.estimand),
              count(row.units),
              count(row.effectiveN),
              row.extremeShare === null ? '' : percentOf(row.extremeShare),
            ]),
            [2, 3, 4],
          ),
          ...[...new Set(summaries.flatMap(({ message }) => message ?? []))].map(
            (text): Block => ({ kind: 'callout', tone: 'bad', text }),
          ),
        ]
      : [paragraph('No method looked at units one by one.')]),
  ]
}
