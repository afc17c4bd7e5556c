import type { Estimate } from '../../../core/estimate.ts'
import type { ExperimentOutcome } from '../../../core/experiment-spec.ts'
import { type Block, chart, heading, paragraph, table } from '../../document/document.ts'
import { bandChart, intervalChart } from '../../document/interval-charts.ts'
import { headline, type MemoInput, outcomesOf } from './memo-input.ts'
import { amount, interval, probability, spoken } from './words.ts'

const roles = ['goal', 'guardrail', 'secondary'] as const

/** What happened to each metric: one number with its interval, in a table and as a chart. */
export function resultsPart(input: MemoInput): Block[] {
  const blocks: Block[] = [heading(2, 'Results')]
  for (const treatment of input.spec.treatments) {
    if (input.spec.treatments.length > 1)
      blocks.push(heading(3, `${treatment} against ${input.spec.control}`))
    const shown = roles.flatMap((role) =>
      outcomesOf(input.spec, role).flatMap((outcome) => {
        const row = headline(input, outcome.name, treatment)
        return row ? [{ outcome, row }] : []
      }),
    )
    blocks.push(
      table(
        ['metric', 'role', 'effect', 'interval', 'p', 'adjusted p', 'method'],
        shown.map(({ outcome, row }) => resultRow(outcome, row)),
        [2, 3, 4, 5],
      ),
      ...chartsOf(shown),
    )
  }
  return [...blocks, ...overTime(input)]
}

function resultRow(outcome: ExperimentOutcome, row: Estimate): string[] {
  if (row.status === 'refused') return [outcome.name, outcome.role, 'refused', '', '', '', row.reason ?? '']
  const values = [amount(row.estimate, row.scale), interval(row)]
  return [
    ...[outcome.name, outcome.role, ...values],
    ...[probability(row.pValue), probability(row.pValueAdjusted), spoken(row.method)],
  ]
}

/** Relative effects share an axis; each absolute one has its own unit, and therefore none. */
function chartsOf(
  shown: readonly { readonly outcome: ExperimentOutcome; readonly row: Estimate }[],
): Block[] {
  const rows = shown.flatMap(({ outcome, row }) =>
    row.scale === 'relative' && row.estimate !== null && row.ciLower !== null && row.ciUpper !== null
      ? [
          {
            ...{ label: outcome.name, group: outcome.role },
            ...{ estimate: row.estimate, lower: row.ciLower, upper: row.ciUpper },
          },
        ]
      : [],
  )
  if (rows.length === 0) return []
  return [
    chart(
      'Relative effects with their intervals; an interval that leaves out zero is a change.',
      intervalChart(rows, 'relative effect', 'relative'),
    ),
  ]
}

function overTime({ days, spec }: MemoInput): Block[] {
  const goals = outcomesOf(spec, 'goal').map(({ name }) => name)
  return goals.flatMap((outcome) => {
    const ofGoal = days.filter((row) => row.outcome === outcome && row.estimate !== null)
    const scale = ofGoal.some((row) => row.scale === 'relative') ? 'relative' : 'absolute'
    const series = (name: 'cumulative' | 'since_exposure') =>
      ofGoal.flatMap((row) => {
        const at = name === 'cumulative' ? row.day : row.daysSinceExposure
        if (row.series !== name || row.scale !== scale || at === null) return []
        if (row.estimate === null || row.ciLower === null || row.ciUpper === null) return []
        const group = [...(spec.treatments.length > 1 ? [row.treatment] : []), spoken(row.method)].join(', ')
        return [{ at, group, estimate: row.estimate, lower: row.ciLower, upper: row.ciUpper }]
      })
    const [cumulative, sinceExposure] = [series('cumulative'), series('since_exposure')]
    if (cumulative.length === 0 && sinceExposure.length === 0) return []
    return [
      heading(3, `${outcome} over time`),
      ...(cumulative.length > 0
        ? [
            chart(
              `Effect on ${outcome} of all that happened up to each day, by each method that was planned.`,
              bandChart(cumulative, `${scale} effect`, scale),
            ),
          ]
        : []),
      ...(sinceExposure.length > 0
        ? [
            paragraph('By days since a unit was exposed; an effect that wears off is one of novelty.'),
            chart(
              `Effect on ${outcome} on the nth day after exposure.`,
              bandChart(sinceExposure, `${scale} effect`, scale),
            ),
          ]
        : []),
    ]
  })
}
