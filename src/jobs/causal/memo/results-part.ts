import type { Estimate } from '../../../core/estimate.ts'
import { type Block, chart, heading, paragraph, table } from '../../document/document.ts'
import { intervalChart } from '../../document/interval-charts.ts'
import { probability, spoken } from '../../experiment/memo/words.ts'
import { amountOf, percentOf } from '../causal-words.ts'
import type { CausalMemoInput } from './memo-input.ts'

/** Every estimate of every outcome, the plain difference first, in a table and as a chart. */
export function resultsPart(input: CausalMemoInput): Block[] {
  return [heading(2, 'Estimates'), ...input.spec.outcomes.flatMap(({ name }) => ofOutcome(input, name))]
}

function ofOutcome({ spec, estimates, verdicts }: CausalMemoInput, outcome: string): Block[] {
  const own = estimates.filter((row) => row.outcome === outcome)
  const verdict = verdicts.find((row) => row.outcome === outcome)!
  const conventions = [
    ...new Set(own.map((row) => `${spoken(row.method)}: ${String(row.diagnostics['convention'] ?? '')}`)),
  ]
  return [
    ...(spec.outcomes.length > 1 ? [heading(3, outcome)] : []),
    table(['method', 'speaks of', 'effect', 'interval', 'p', ''], own.map(estimateCells), [2, 3, 4]),
    ...forestOf(own),
    ...(verdict.naive !== null && verdict.estimate !== null && verdict.biasShare !== null
      ? [
          table(
            ['', 'effect', ''],
            [
              ...(verdict.claim === null ? [] : [['claimed', amountOf(verdict.claim), '']]),
              ['plain difference', amountOf(verdict.naive), 'what would be believed without asking why'],
              ['causal', amountOf(verdict.estimate), spoken(verdict.method!)],
              ['bias', amountOf(verdict.bias!), `${percentOf(verdict.biasShare)} of the causal effect`],
            ],
            [1],
          ),
        ]
      : []),
    paragraph(`How errors are counted. ${conventions.filter((text) => !text.endsWith(': ')).join('. ')}.`),
  ]
}

function estimateCells(row: Estimate): string[] {
  const head = [spoken(row.method), targetWords(row.estimand)]
  if (row.status === 'refused') return [...head, 'refused', '', '', row.reason ?? '']
  return [
    ...head,
    row.estimate === null ? '' : amountOf(row.estimate),
    row.ciLower === null || row.ciUpper === null
      ? ''
      : `${amountOf(row.ciLower)} to ${amountOf(row.ciUpper)}`,
    probability(row.pValue),
    row.diagnostics['offered_for'] === undefined
      ? ''
      : `offered for ${targetWords(String(row.diagnostics['offered_for']))}`,
  ]
}

/** What an estimand speaks of, in words. */
export function targetWords(estimand: string): string {
  return targets[estimand] ?? spoken(estimand)
}

const targets: Readonly<Record<string, string>> = {
  association: 'nobody: no causal effect',
  ate: 'all units (ATE)',
  att: 'the treated (ATT)',
  atc: 'the others (ATC)',
  ato: 'those for whom both were likely (ATO)',
  nde: 'what does not go through the mediators (NDE)',
  nie: 'what goes through the mediators (NIE)',
  total: 'both together',
  late: 'those whom the instrument moves (LATE)',
  ate_trimmed: 'comparable units (ATE, trimmed)',
  att_trimmed: 'comparable treated (ATT, trimmed)',
  atc_trimmed: 'comparable others (ATC, trimmed)',
}

function forestOf(rows: readonly Estimate[]): Block[] {
  const estimands = new Set(rows.map(({ estimand }) => estimand))
  const shown = rows.flatMap(({ method, estimand, estimate, ciLower, ciUpper }) =>
    estimate !== null && ciLower !== null && ciUpper !== null
      ? [
          {
            label: estimands.size > 2 ? `${spoken(method)}, ${estimand}` : spoken(method),
            ...{ estimate, lower: ciLower, upper: ciUpper },
            group: estimand === 'association' ? 'not adjusted' : 'causal',
          },
        ]
      : [],
  )
  if (shown.length < 2) return []
  return [chart('Effects with their intervals by each method.', intervalChart(shown, 'effect', 'absolute'))]
}
