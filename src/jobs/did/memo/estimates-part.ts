import type { Estimate } from '../../../core/estimate.ts'
import { amountOf, percentOf } from '../../causal/causal-words.ts'
import { type Block, chart, heading, paragraph, table } from '../../document/document.ts'
import { intervalChart } from '../../document/interval-charts.ts'
import { probability, spoken } from '../../experiment/memo/words.ts'
import { signedAmount } from '../did-words.ts'
import type { DidMemoInput } from './memo-input.ts'

/** What is shown of a question's estimates. */
export interface ShownEstimates extends Pick<DidMemoInput, 'estimates' | 'verdicts'> {
  readonly spec: Pick<DidMemoInput['spec'], 'outcomes' | 'scale'>
}

/** Every overall estimate of every outcome, the plain differences first, in a table and as a chart. */
export function estimatesPart(input: ShownEstimates): Block[] {
  return [heading(2, 'Estimates'), ...input.spec.outcomes.flatMap(({ name }) => ofOutcome(input, name))]
}

function ofOutcome({ spec, estimates, verdicts }: ShownEstimates, outcome: string): Block[] {
  const own = estimates.filter((row) => row.outcome === outcome && row.segmentName === null)
  const verdict = verdicts.find((row) => row.outcome === outcome)!
  const conventions = [
    ...new Set(own.map((row) => `${spoken(row.method)}: ${String(row.diagnostics['convention'] ?? '')}`)),
  ]
  const shown = own.flatMap(({ method, estimand, scale, estimate, ciLower, ciUpper }) =>
    scale === 'absolute' && estimate !== null && ciLower !== null && ciUpper !== null
      ? [
          {
            label: `${spoken(method)}${estimand.startsWith('att_') ? `, ${spoken(estimand.slice(4))}` : ''}`,
            ...{ estimate, lower: ciLower, upper: ciUpper },
            group: estimand === 'association' ? 'plain difference' : 'causal',
          },
        ]
      : [],
  )
  return [
    ...(spec.outcomes.length > 1 ? [heading(3, outcome)] : []),
    table(['method', 'speaks of', 'effect', 'interval', 'p', ''], own.map(cells), [2, 3, 4]),
    ...(shown.length > 1
      ? [chart('Effects with their intervals by each method.', intervalChart(shown, 'effect', 'absolute'))]
      : []),
    ...(verdict.naive !== null && verdict.estimate !== null && verdict.biasShare !== null
      ? [
          table(
            ['', 'effect', ''],
            [
              ...(verdict.claim === null ? [] : [['claimed', told(spec.scale, verdict.claim), '']]),
              [
                'plain difference',
                told(spec.scale, verdict.naive),
                'what would be believed without asking why',
              ],
              ['causal', told(spec.scale, verdict.estimate), spoken(verdict.method!)],
              ['bias', told(spec.scale, verdict.bias!), `${percentOf(verdict.biasShare)} of the effect`],
            ],
            [1],
          ),
        ]
      : []),
    paragraph(`How errors are counted. ${conventions.filter((text) => !text.endsWith(': ')).join('. ')}.`),
  ]
}

function told(scale: Estimate['scale'], value: number): string {
  return scale === 'relative' ? signedAmount(value, scale) : amountOf(value)
}

function cells(row: Estimate): string[] {
  const head = [spoken(row.method), didTargets[row.estimand] ?? spoken(row.estimand)]
  if (row.status === 'refused') return [...head, 'refused', '', '', row.reason ?? '']
  const { estimate, ciLower, ciUpper, scale, pValue } = row
  return [
    ...head,
    estimate === null ? '' : told(scale, estimate),
    ciLower === null || ciUpper === null ? '' : `${told(scale, ciLower)} to ${told(scale, ciUpper)}`,
    probability(pValue),
    '',
  ]
}

/** Whom an estimand speaks of, in words. */
const didTargets: Readonly<Record<string, string>> = {
  association: 'nobody: no causal effect',
  att: 'the treated, once they are (ATT)',
  att_by_group: 'the treated, each group its mean over time',
  att_by_period: 'the treated, each period alike',
  att_by_time_since: 'the treated, each time since treatment alike',
  att_relative: 'the treated, as a share of what would have been',
  ate_at_cutoff: 'units at the cutoff',
  late_at_cutoff: 'units at the cutoff whom it moves (LATE)',
  level_change: 'the time of the change',
  slope_change: 'each unit of time after it',
}
