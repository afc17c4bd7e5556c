import type { DecisionKind, DecisionRow } from '../../../core/experiment-tables.ts'
import { type Block, heading, list, paragraph, table } from '../../document/document.ts'
import { refuses } from './health-part.ts'
import type { MemoInput } from './memo-input.ts'
import { amount, count, interval, listed, probability, spoken } from './words.ts'

const said: Readonly<Record<DecisionKind, string>> = {
  ship: 'Ship',
  roll_back: 'Roll back',
  keep_running: 'Keep running',
  inconclusive: 'Inconclusive',
  refused: 'No decision',
}

function saidOf({ decision, treatment }: DecisionRow): string {
  return decision === 'inconclusive' || decision === 'refused'
    ? `${treatment}: ${said[decision].toLowerCase()}`
    : `${said[decision]} ${treatment}`
}

const tones: Readonly<Record<DecisionKind, 'good' | 'bad' | 'neutral'>> = {
  ship: 'good',
  roll_back: 'bad',
  keep_running: 'neutral',
  inconclusive: 'neutral',
  refused: 'bad',
}

const launches: Readonly<Record<NonNullable<DecisionRow['launch']>, string>> = {
  globally: 'Launch globally: yes.',
  to_segments: 'Launch globally: no, only where it helps.',
  no: 'Launch globally: no.',
  not_yet: 'Launch globally: not yet.',
}

/** The answer, before anything else. */
export function verdictPart({ decisions }: MemoInput): Block[] {
  return decisions
    .filter(({ segmentName }) => segmentName === null)
    .map((row) => ({
      kind: 'callout' as const,
      tone: tones[row.decision],
      text: `${saidOf(row)}. ${ended(row.reason)}${row.launch === null ? '' : ` ${launches[row.launch]}`}`,
    }))
}

/** A reason with its full stop: other sentences follow. */
function ended(reason: string): string {
  return reason.endsWith('.') ? reason : `${reason}.`
}

/** How the rules came to the decision. */
export function decisionPart({ decisions, weights }: MemoInput): Block[] {
  if (decisions.length === 0 && weights.length === 0) return []
  const whole = decisions.filter(({ segmentName }) => segmentName === null)
  const segments = decisions.filter(({ segmentName }) => segmentName !== null)
  return [
    heading(2, 'Decision'),
    ...whole.flatMap((row) => [
      ...(whole.length > 1 ? [heading(3, row.treatment)] : []),
      table(
        ['metric', 'role', 'effect', 'interval', 'p', 'limit', 'verdict', 'why'],
        row.evaluated.map((entry) => [
          ...[entry.outcome, entry.role, amount(entry.estimate, entry.scale), interval(entry)],
          ...[probability(entry.pValue), entry.margin === null ? '' : amount(entry.margin, entry.scale)],
          ...[spoken(entry.verdict), entry.reason],
        ]),
        [2, 3, 4, 5],
      ),
    ]),
    ...(segments.length === 0
      ? []
      : [
          paragraph('By segment:'),
          table(
            ['treatment', 'segment', 'decision', 'why'],
            segments.map((row) => [
              row.treatment,
              `${row.segmentName}: ${row.segmentValue ?? 'unknown'}`,
              said[row.decision].toLowerCase(),
              row.reason,
            ]),
          ),
        ]),
    ...(weights.length === 0
      ? []
      : [
          paragraph('Next allocation:'),
          table(
            ['arm', 'share', 'probability of being best', 'units so far'],
            weights.map(({ arm, weight, probabilityBest, n }) => [
              arm,
              `${(weight * 100).toFixed(1)} %`,
              probability(probabilityBest),
              count(n),
            ]),
            [1, 2, 3],
          ),
        ]),
  ]
}

/** What would make the decision another one. */
export function changePart(input: MemoInput): Block[] {
  const items = [
    ...input.health
      .filter(refuses)
      .map((row) => `${spoken(row.checkName)} being explained and mended: until then no number here counts.`),
    ...input.decisions.filter(({ segmentName }) => segmentName === null).flatMap(changesOf),
  ]
  if (items.length === 0) return []
  return [heading(2, 'What would change it'), list([...new Set(items)])]
}

function changesOf({
  treatment,
  evaluated,
  decision,
  unitsNeeded,
  daysNeeded,
  power,
}: DecisionRow): string[] {
  const items: string[] = []
  for (const { outcome, role, verdict, ciLower, ciUpper, scale, margin } of evaluated) {
    if (verdict === 'refused') items.push(`An estimate of ${outcome}, which is refused now.`)
    else if (role === 'guardrail' && verdict !== 'worse')
      items.push(
        `${outcome} getting worse by more than ${margin === null ? 'nothing' : amount(Math.abs(margin), scale).replace('+', '')}; its interval now goes from ${amount(ciLower, scale)} to ${amount(ciUpper, scale)}.`,
      )
    else if (role === 'guardrail') items.push(`${outcome} no longer being worse than its margin allows.`)
    else if (verdict === 'undecided')
      items.push(
        `An interval for ${outcome} that leaves out zero; now it holds ${amount(ciLower, scale)} to ${amount(ciUpper, scale)}.`,
      )
    else if (verdict === 'better')
      items.push(`The effect on ${outcome} not lasting: its interval coming to hold zero.`)
    else items.push(`${outcome} turning for the better.`)
  }
  if ((decision === 'keep_running' || decision === 'inconclusive') && unitsNeeded !== null)
    items.push(
      `${count(unitsNeeded)} more units${daysNeeded === null ? '' : ` (some ${count(daysNeeded)} days at the present pace)`} for the planned power with ${treatment}${power === null ? '' : `, which is ${(power * 100).toFixed(0)} % now`}.`,
    )
  return items
}

/** `Ship variant_a and variant_b`, for where there is one line. */
export function decisionWords(decisions: readonly DecisionRow[]): string {
  return listed(decisions.filter(({ segmentName }) => segmentName === null).map(saidOf))
}
