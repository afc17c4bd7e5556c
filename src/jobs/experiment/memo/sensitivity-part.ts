import type { Estimate } from '../../../core/estimate.ts'
import { type Block, chart, heading, paragraph, table } from '../../document/document.ts'
import { intervalChart } from '../../document/interval-charts.ts'
import { liftsOf, type MemoInput, outcomesOf } from './memo-input.ts'
import { amount, interval, listed, probability, spoken } from './words.ts'

/** Whether the goals' results hang on the method that was chosen. */
export function sensitivityPart(input: MemoInput): Block[] {
  const blocks = outcomesOf(input.spec, 'goal').flatMap(({ name }) =>
    input.spec.treatments.flatMap((treatment) => ofOutcome(input, name, treatment)),
  )
  return blocks.length === 0 ? [] : [heading(2, 'Sensitivity across methods'), ...blocks]
}

function ofOutcome(input: MemoInput, outcome: string, treatment: string): Block[] {
  const lifts = liftsOf(input, outcome, treatment)
  if (lifts.length < 2) return []
  const title = input.spec.treatments.length > 1 ? `${outcome}, ${treatment}` : outcome
  return [
    heading(3, title),
    table(['method', 'scale', 'effect', 'interval', 'valid', 'p'], lifts.map(methodRow), [2, 3, 5]),
    ...chartOf(lifts),
    paragraph(agreement(lifts)),
  ]
}

function methodRow(row: Estimate): string[] {
  if (row.status === 'refused') return [spoken(row.method), row.scale, 'refused', '', '', row.reason ?? '']
  const numbers = [amount(row.estimate, row.scale), interval(row)]
  return [spoken(row.method), row.scale, ...numbers, spoken(row.ciKind ?? ''), probability(row.pValue)]
}

function chartOf(lifts: readonly Estimate[]): Block[] {
  const rows = lifts.flatMap(({ method, scale, estimate, ciLower, ciUpper, ciKind }) =>
    scale === 'relative' && estimate !== null && ciLower !== null && ciUpper !== null
      ? [{ label: spoken(method), estimate, lower: ciLower, upper: ciUpper, group: spoken(ciKind ?? '') }]
      : [],
  )
  if (rows.length < 2) return []
  return [
    chart(
      'The relative effect by each method that was run.',
      intervalChart(rows, 'relative effect', 'relative'),
    ),
  ]
}

/** What the methods say together: whether all leave out zero on the same side. */
export function agreement(lifts: readonly Estimate[]): string {
  const answered = lifts.filter(({ ciLower, ciUpper }) => ciLower !== null && ciUpper !== null)
  const up = answered.filter(({ ciLower }) => ciLower! > 0)
  const down = answered.filter(({ ciUpper }) => ciUpper! < 0)
  if (answered.length === 0) return 'No method gave an interval.'
  if (up.length === answered.length) return `All ${answered.length} methods say that it went up.`
  if (down.length === answered.length) return `All ${answered.length} methods say that it went down.`
  if (up.length === 0 && down.length === 0)
    return `None of the ${answered.length} methods can tell the effect from zero.`
  const names = (rows: readonly Estimate[]): string => listed(rows.map(({ method }) => spoken(method)))
  const undecided = answered.filter((row) => !up.includes(row) && !down.includes(row))
  return [
    ...(up.length > 0 ? [`Up by ${names(up)}.`] : []),
    ...(down.length > 0 ? [`Down by ${names(down)}.`] : []),
    ...(undecided.length > 0 ? [`Not told from zero by ${names(undecided)}.`] : []),
    'The result hangs on the method.',
  ].join(' ')
}
