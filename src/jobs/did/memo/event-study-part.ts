import type { TopLevelSpec } from 'vega-lite'
import type { EventStudyRow, GroupTimeRow } from '../../../core/did-tables.ts'
import { amountOf } from '../../causal/causal-words.ts'
import { type Block, chart, heading, table } from '../../document/document.ts'
import { probability, spoken } from '../../experiment/memo/words.ts'
import type { DidMemoInput } from './memo-input.ts'

const colours = ['#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377', '#bbbbbb']
/** More cells than this are for the table in the warehouse. */
const mostCells = 60

/** Effects by time since treatment, and by group and period. */
export function eventStudyPart({ spec, eventStudy, groupTime }: DidMemoInput): Block[] {
  const several = spec.outcomes.length > 1
  return spec.outcomes.flatMap(({ name }) => {
    const study = eventStudy.filter(({ outcome }) => outcome === name)
    const cells = groupTime.filter(({ outcome }) => outcome === name)
    const about = several ? `: ${name}` : ''
    return [
      ...(study.length > 0
        ? [
            heading(2, `Before and after${about}`),
            chart(
              `Effects by periods since treatment began${study.some(({ bandLower }) => bandLower !== null) ? '; thin lines hold all of them at once' : ''}. To the left of the line they should be 0.`,
              eventStudyChart(study),
            ),
            studyTable(study),
          ]
        : []),
      ...(cells.length > 0 && cells.length <= mostCells
        ? [heading(2, `By group and period${about}`), cellTable(cells)]
        : []),
    ]
  })
}

/** Points with intervals, and bands where there are any, by time since treatment. */
export function eventStudyChart(rows: readonly EventStudyRow[]): TopLevelSpec {
  const values = rows.flatMap(({ method, periodsSince, estimate, ciLower, ciUpper, bandLower, bandUpper }) =>
    estimate === null
      ? []
      : [
          {
            ...{ method: spoken(method), since: periodsSince, estimate },
            ...{ lower: ciLower ?? estimate, upper: ciUpper ?? estimate },
            ...{ bandLower: bandLower ?? estimate, bandUpper: bandUpper ?? estimate },
          },
        ],
  )
  const domain = [...new Set(values.map(({ method }) => method))]
  // Methods stand beside each other at the same time.
  const beside = (method: string): number => (domain.indexOf(method) - (domain.length - 1) / 2) * 0.12
  const x = {
    field: 'since',
    type: 'quantitative',
    title: 'periods since treatment began',
    axis: { tickMinStep: 1, format: '+~g' },
    scale: { nice: false, padding: 14 },
  } as const
  const color = {
    field: 'method',
    type: 'nominal',
    title: null,
    scale: { domain, range: domain.map((_, index) => colours[index % colours.length]!) },
    legend: domain.length > 1 ? {} : null,
  } as const
  const interval = (lower: string, upper: string, strokeWidth: number) =>
    ({
      mark: { type: 'rule', strokeWidth },
      encoding: {
        x,
        y: { field: lower, type: 'quantitative', title: 'effect', axis: { format: '+.3~g' } },
        y2: { field: upper },
        color,
      },
    }) as const
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 560,
    height: 240,
    data: { values: values.map((value) => ({ ...value, since: value.since + beside(value.method) })) },
    layer: [
      { mark: { type: 'rule', color: '#888' }, encoding: { y: { datum: 0 } } },
      { mark: { type: 'rule', strokeDash: [3, 3], color: '#888' }, encoding: { x: { datum: -0.5 } } },
      interval('bandLower', 'bandUpper', 1),
      interval('lower', 'upper', 3),
      {
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: { x, y: { field: 'estimate', type: 'quantitative' }, color },
      },
    ],
  } as TopLevelSpec
}

function studyTable(rows: readonly EventStudyRow[]): Block {
  const several = new Set(rows.map(({ method }) => method)).size > 1
  return table(
    [...(several ? ['method'] : []), 'periods since', 'effect', 'interval', 'p'],
    rows.map((row) => [
      ...(several ? [spoken(row.method)] : []),
      ...[String(row.periodsSince), row.estimate === null ? '' : amountOf(row.estimate)],
      ...[intervalText(row), probability(row.pValue)],
    ]),
    several ? [1, 2, 3, 4] : [0, 1, 2, 3],
  )
}

function cellTable(rows: readonly GroupTimeRow[]): Block {
  const several = new Set(rows.map(({ method }) => method)).size > 1
  return table(
    [...(several ? ['method'] : []), 'first treated', 'period', '', 'effect', 'interval'],
    rows.map((row) => [
      ...(several ? [spoken(row.method)] : []),
      ...[row.firstTreated, row.period, row.isPost ? 'after' : 'before'],
      ...(row.status === 'refused'
        ? ['refused', row.reason ?? '']
        : [row.estimate === null ? '' : amountOf(row.estimate), intervalText(row)]),
    ]),
    several ? [4, 5] : [3, 4],
  )
}

function intervalText({ ciLower, ciUpper }: Pick<EventStudyRow, 'ciLower' | 'ciUpper'>): string {
  return ciLower === null || ciUpper === null ? '' : `${amountOf(ciLower)} to ${amountOf(ciUpper)}`
}
