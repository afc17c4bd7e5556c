import { measured, percentOf } from '../../jobs/audit/audit-report.ts'
import type { ReportedCausalAudit } from '../../jobs/causal/audit/causal-audit-report.ts'
import type { Colors } from '../output.ts'
import { formatCount } from './numbers.ts'
import { tableLines } from './table.ts'

/** Rates that are this many Monte Carlo errors away from what was promised are no accident. */
const noAccident = 3

/** What the audit of a causal question found. */
export function causalAuditLines(audit: ReportedCausalAudit, { bold, red }: Colors): string[] {
  const { question, units, replications, seed, ciLevel, isKnown, estimators, refuters } = audit
  const head = ['outcome', 'of', 'method', 'truth', 'bias', 'coverage', 'refused']
  return [
    '',
    `${bold(`Audit of ${question}`)}: ${formatCount(units)} units, ${formatCount(replications)} replications, seed ${seed}`,
    isKnown
      ? 'The truth is what the generator wrote.'
      : 'The truth is the estimated effect, the same for everybody.',
    '',
    ...tableLines({
      head: head.map((title) => bold(title)),
      align: ['left', 'left', 'left', 'right', 'right', 'right', 'right'],
      rows: estimators.map((row) => {
        const { value, error } = row.coverage
        const coverage = percentOf(row.coverage)
        return [
          ...[row.outcome, row.estimand, row.method.replaceAll('_', ' ')],
          ...[String(Number(row.truth.toPrecision(4))), measured(row.bias)],
          ciLevel - value > noAccident * error ? red(coverage) : coverage,
          row.refused === 0 ? '' : formatCount(row.refused),
        ]
      }),
    }),
    ...(refuters.length === 0
      ? []
      : [
          '',
          'Refuters, one simulation in each replication (what a random common cause changes, what a placebo does):',
          ...tableLines({
            head: ['outcome', 'refuter', 'of', 'mean', 'spread'].map((title) => bold(title)),
            align: ['left', 'left', 'left', 'right', 'right'],
            rows: refuters.map((row) => [
              ...[row.outcome, row.refuter.replaceAll('_', ' '), row.method.replaceAll('_', ' ')],
              ...[measured({ value: row.mean, error: row.error }), String(Number(row.spread.toPrecision(3)))],
            ]),
          }),
        ]),
  ]
}
