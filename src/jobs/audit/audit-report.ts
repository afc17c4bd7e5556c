import type { TruthComparison } from '../../core/truth-comparison.ts'
import { type Block, type Document, heading, list, paragraph, table } from '../document/document.ts'
import type { AuditedMethod, AuditedPeeking } from './audit-methods.ts'
import type { Measured } from './tally.ts'

/** What one experiment's audit found, as it stands in the report. */
export interface ReportedAudit {
  readonly experiment: string
  /** How a made-up experiment comes about; of one of the project the number of its units is told instead. */
  readonly description?: string
  readonly units?: number
  /** Whether a lift of 0 means that there is nothing to find; so it does, if not said. */
  readonly hasNull?: boolean
  readonly days: number
  readonly ciLevel: number
  readonly request: { readonly replications: number; readonly seed: number }
  readonly methods: readonly AuditedMethod[]
  readonly peeking: readonly AuditedPeeking[]
}

/** The technical report: every method against what is known to be true. */
export function auditReport(audits: readonly ReportedAudit[], truths: readonly TruthComparison[]): Document {
  return {
    title: 'Technical report: every method against the truth',
    blocks: [
      paragraph(
        'How well the intervals and tests of each method keep what they promise. Numbers after ± are Monte Carlo standard errors: what a repetition with another seed would change.',
      ),
      ...audits.flatMap(auditPart),
      ...truthPart(truths),
    ],
  }
}

function auditPart(audit: ReportedAudit): Block[] {
  const { experiment, units, description, hasNull, days, ciLevel, request, methods, peeking } = audit
  const lifts = [...new Set(methods.map(({ lift }) => lift))]
  return [
    heading(2, experiment),
    list([
      description === undefined
        ? `${units} units, drawn anew with replacement and put into arms at random, ${request.replications} times from seed ${request.seed}.`
        : `Made up ${request.replications} times from seed ${request.seed}: ${description}`,
      `Intervals at ${ciLevel * 100} %; ${days === 1 ? 'one look' : `${days} days`}.`,
      'Refused answers are counted apart and are in no rate.',
    ]),
    ...lifts.flatMap((lift) => [
      heading(3, roundTitle(lift, hasNull)),
      table(
        ['metric', 'method', 'scale', 'bias', 'coverage', rejectionTitle(lift, hasNull), 'width', 'refused'],
        methods
          .filter((method) => method.lift === lift)
          .map((row) => [
            ...[row.outcome, row.method.replaceAll('_', ' '), row.scale, measured(row.bias)],
            ...[
              percentOf(row.coverage),
              percentOf(row.rejection),
              precise(row.meanWidth),
              String(row.refused),
            ],
          ]),
        [3, 4, 5, 6, 7],
      ),
    ]),
    ...(peeking.some(({ looks }) => looks > 1)
      ? [
          heading(
            3,
            description === undefined ? 'Looking every day, with nothing to find' : 'Looking every day',
          ),
          paragraph(
            `Share of replications in which some day's interval left out ${description === undefined ? 'zero' : 'the truth'}; ${percent(1 - ciLevel, 0)} is what was promised for looking once, and for methods that are always valid whenever one looks.`,
          ),
          table(
            ['metric', 'method', 'scale', 'valid', 'looks', 'false positives'],
            peeking.map((row) => [
              ...[row.outcome, row.method.replaceAll('_', ' '), row.scale, row.ciKind.replaceAll('_', ' ')],
              ...[String(row.looks), percentOf(row.rejection)],
            ]),
            [4, 5],
          ),
        ]
      : []),
  ]
}

/** What is true in one round of an audit, as a heading. */
export function roundTitle(lift: number, hasNull = true): string {
  if (lift === 0) return hasNull ? 'Nothing to find: an A/A test' : 'Effects that are drawn from the prior'
  return `A true lift of ${percent(lift, 1)}`
}

/** What it means there that an interval leaves out zero. */
export function rejectionTitle(lift: number, hasNull = true): string {
  if (lift === 0) return hasNull ? 'false positives' : 'not zero'
  return 'power'
}

function truthPart(truths: readonly TruthComparison[]): Block[] {
  const known = truths.filter(({ truth }) => truth !== null)
  if (known.length === 0) return []
  const judged = known.filter(({ covered }) => covered !== null)
  const held = judged.filter(({ covered }) => covered).length
  return [
    heading(2, 'What the run estimated, beside the truth'),
    paragraph(`${held} of ${judged.length} intervals hold the true effect.`),
    table(
      ['experiment', 'metric', 'method', 'scale', 'estimate', 'interval', 'truth', 'held'],
      known.map((row) => [
        ...[row.job, row.outcome, row.method.replaceAll('_', ' '), row.scale],
        row.status === 'refused' ? `refused: ${row.reason}` : precise(row.estimate),
        row.ciLower === null ? '' : `${precise(row.ciLower)} to ${precise(row.ciUpper)}`,
        ...[precise(row.truth), row.covered === null ? '' : row.covered ? 'yes' : 'no'],
      ]),
      [4, 5, 6],
    ),
  ]
}

/** `+0.0012 ± 0.0008`. */
export function measured({ value, error }: Measured): string {
  return Number.isNaN(value) ? '' : `${precise(value)} ± ${precise(error)}`
}

/** `95.1 % ± 0.7 %`. */
export function percentOf({ value, error }: Measured): string {
  return Number.isNaN(value) ? '' : `${percent(value, 1)} ± ${percent(error, 1)}`
}

function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)} %`
}

function precise(value: number | null): string {
  return value === null || Number.isNaN(value) ? '' : String(Number(value.toPrecision(3)))
}
