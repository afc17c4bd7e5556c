import { measured, percentOf } from '../../audit/audit-report.ts'
import { type Block, heading, list, table } from '../../document/document.ts'
import type { CausalAudit } from './audit-causal.ts'

/** What one question's audit found, as it stands in the report. */
export interface ReportedCausalAudit extends CausalAudit {
  readonly question: string
  readonly units: number
  readonly ciLevel: number
  readonly replications: number
  readonly seed: number
  /** Whether a generator wrote the truth. */
  readonly isKnown: boolean
  /** How units were drawn, where it was not by their own probabilities. */
  readonly drawn?: string
}

/** The part of the technical report on a causal question. */
export function causalAuditPart(audit: ReportedCausalAudit): Block[] {
  const { question, units, ciLevel, replications, seed, isKnown, estimators, refuters } = audit
  return [
    heading(2, question),
    list([
      `${units} units, ${audit.drawn ?? 'drawn anew with replacement and each treated by its own probability'}, ${replications} times from seed ${seed}.`,
      isKnown
        ? 'What each unit comes to either way is what the generator wrote.'
        : 'What each unit comes to either way is made from what was seen and the estimated effect, the same for everybody.',
      `Intervals at ${ciLevel * 100} %.`,
    ]),
    table(
      ['outcome', 'of', 'method', 'truth', 'bias', 'coverage', 'refused'],
      estimators.map((row) => [
        ...[
          row.outcome,
          row.estimand,
          row.method.replaceAll('_', ' '),
          String(Number(row.truth.toPrecision(4))),
        ],
        ...[measured(row.bias), percentOf(row.coverage), String(row.refused)],
      ]),
      [3, 4, 5, 6],
    ),
    table(
      ['outcome', 'refuter', 'of', 'mean', 'spread'],
      refuters.map((row) => [
        ...[row.outcome, row.refuter.replaceAll('_', ' '), row.method.replaceAll('_', ' ')],
        ...[measured({ value: row.mean, error: row.error }), String(Number(row.spread.toPrecision(3)))],
      ]),
      [3, 4],
    ),
  ]
}
