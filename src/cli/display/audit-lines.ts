import { percentOf, type ReportedAudit, rejectionTitle, roundTitle } from '../../jobs/audit/audit-report.ts'
import type { Colors } from '../output.ts'
import { formatCount, formatSigned, formatSignedPercent } from './numbers.ts'
import { tableLines } from './table.ts'

/** Rates that are this many Monte Carlo errors away from what was promised are no accident. */
const noAccident = 3

/** What audits found, in tables: with nothing to find, with an effect, and looking every day. */
export function auditLines(audits: readonly ReportedAudit[], colors: Colors): string[] {
  return audits.flatMap((audit) => oneAudit(audit, colors))
}

function oneAudit(audit: ReportedAudit, colors: Colors): string[] {
  const { bold } = colors
  const lifts = [...new Set(audit.methods.map(({ lift }) => lift))]
  return [
    '',
    `${bold(`Audit of ${audit.experiment}`)}: ${audit.units === undefined ? '' : `${formatCount(audit.units)} units, `}${formatCount(audit.request.replications)} replications, seed ${audit.request.seed}`,
    ...(audit.description === undefined ? [] : [audit.description]),
    ...lifts.flatMap((lift) => [
      '',
      lift === 0
        ? `${audit.hasNull === false ? roundTitle(lift, false) : 'Nothing to find (A/A)'}:`
        : `A true lift of ${formatSignedPercent(lift, 1)}:`,
      ...methodTable(audit, lift, colors),
    ]),
    ...(audit.days > 1 && audit.peeking.length > 0
      ? [
          '',
          audit.description === undefined
            ? 'Looking every day, with nothing to find:'
            : 'Looking every day; how often some look left out the truth:',
          ...peekingTable(audit, colors),
        ]
      : []),
  ]
}

function methodTable(
  { methods, ciLevel, hasNull }: ReportedAudit,
  lift: number,
  { bold, red }: Colors,
): string[] {
  const head = [
    'metric',
    'method',
    'scale',
    'bias',
    '±',
    'coverage',
    rejectionTitle(lift, hasNull),
    'refused',
  ]
  return tableLines({
    head: head.map((title) => bold(title)),
    align: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right'],
    rows: methods
      .filter((method) => method.lift === lift)
      .map((row) => {
        const { value, error } = row.coverage
        const isShort = ciLevel - value > noAccident * error
        return [
          ...[row.outcome, row.method.replaceAll('_', ' '), row.scale],
          ...[signed(row.bias.value, 2), signed(row.bias.error, 1)],
          isShort ? red(percentOf(row.coverage)) : percentOf(row.coverage),
          ...[percentOf(row.rejection), row.refused === 0 ? '' : formatCount(row.refused)],
        ]
      }),
  })
}

function peekingTable({ peeking, ciLevel, description }: ReportedAudit, { bold, red }: Colors): string[] {
  return tableLines({
    head: [
      'metric',
      'method',
      'scale',
      'valid',
      'looks',
      description === undefined ? 'false positives' : 'missed',
    ].map((title) => bold(title)),
    align: ['left', 'left', 'left', 'left', 'right', 'right'],
    rows: peeking.map(({ outcome, method, scale, ciKind, looks, rejection }) => {
      const isInflated = rejection.value - (1 - ciLevel) > noAccident * rejection.error
      const rate = percentOf(rejection)
      return [
        ...[outcome, method.replaceAll('_', ' '), scale, ciKind.replaceAll('_', ' ')],
        ...[formatCount(looks), isInflated ? red(rate) : rate],
      ]
    }),
  })
}

/** Nothing where nothing was answered. */
function signed(value: number, significant: number): string {
  return Number.isNaN(value) ? '' : formatSigned(value, significant)
}
