import type { CausalSpec } from '../../core/causal-spec.ts'
import type {
  CausalStanding,
  CausalStandingEstimate,
  CausalStandingVerdict,
} from '../../run/causal-standing.ts'
import type { Colors } from '../output.ts'
import { type Axis, axisOf, intervalBar } from './interval-bar.ts'
import { formatCount, formatSigned } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * Causal questions on a terminal: a line each, or one with all that it came to.
 */

/** One line for each question. */
export function causalList(standings: readonly CausalStanding[], colors: Colors): string[] {
  const { bold } = colors
  if (standings.length === 0)
    return [
      'The project has no causal question: a file below analytics/ with kind: causal, did, discontinuity or interrupted_series is one.',
    ]
  const head = ['question', 'as of', 'outcome', 'plain difference', 'causal effect', 'refuters', 'verdict']
  const rows = standings.flatMap((standing) => {
    if (standing.asOf === null) return [[standing.name, 'not built', '', '', '', '', '']]
    return standing.verdicts.map((verdict, index) => [
      index === 0 ? standing.name : '',
      index === 0 ? standing.asOf!.slice(0, 10) : '',
      verdict.outcome,
      number(verdict.naive, scaleOf(verdict)),
      verdict.estimate === null ? '' : `${number(verdict.estimate, scaleOf(verdict))}${intervalOf(verdict)}`,
      refuterWords(standing, verdict.outcome, colors),
      paintVerdict(verdict.verdict, colors),
    ])
  })
  return tableLines({
    head: head.map((title) => bold(title)),
    rows,
    align: head.map((title) => (['plain difference', 'causal effect'].includes(title) ? 'right' : 'left')),
  })
}

/** The verdict, how the effect is told, the estimates and what tried to refute them. */
export function causalPage(
  standing: CausalStanding,
  spec: Pick<CausalSpec, 'outcomes'>,
  colors: Colors,
): string[] {
  const { bold, dim } = colors
  const { name, question, asOf, relation } = standing
  const head = [`${bold(`Causal question ${name}`)}${question ? `: ${question}` : ''}`]
  if (asOf === null) return [...head, '', `build it: estimand build --select +${name}`]
  return [
    ...head,
    dim(`as of ${asOf.slice(0, 10)}`),
    ...standing.verdicts.flatMap(({ verdict, sentence }) => [
      '',
      `${paintVerdict(verdict, colors)}. ${sentence}`,
    ]),
    '',
    ...wayLines(standing, colors),
    ...checkLines(standing, colors),
    ...spec.outcomes.flatMap(({ name: outcome }) =>
      estimateLines(standing, outcome, spec.outcomes.length > 1, colors),
    ),
    ...refutationLines(standing, colors),
    '',
    dim(`everything: ${relation} and its other tables; estimand causal memo ${name} --to memo.html`),
  ]
}

/** What was claimed, what a plain look says, what the effect is, and the truth: beside each other. */
export function sideBySideLines(standings: readonly CausalStanding[], colors: Colors): string[] {
  const rows = standings.flatMap(({ name, verdicts, estimates }) =>
    verdicts.map((verdict) => {
      const truth = truthOf(verdict, estimates)
      const isHeld =
        truth !== null && verdict.ciLower !== null && verdict.ciLower <= truth && truth <= verdict.ciUpper!
      return [
        ...[name, verdict.outcome, number(verdict.naive, scaleOf(verdict))],
        number(verdict.estimate, scaleOf(verdict)),
        verdict.ciLower === null ? '' : intervalOf(verdict).slice(3, -1),
        number(truth, scaleOf(verdict)),
        truth === null || verdict.ciLower === null
          ? ''
          : isHeld
            ? colors.green('holds the truth')
            : colors.yellow('misses the truth'),
      ]
    }),
  )
  if (rows.length === 0) return []
  const head = ['question', 'effect on', 'naive', 'causal', 'interval', 'truth', '']
  return [
    '',
    colors.bold('What the causal questions say, beside the plain difference and the truth'),
    ...tableLines({
      head: head.map((title) => colors.bold(title)),
      rows,
      align: head.map((title) =>
        ['naive', 'causal', 'interval', 'truth'].includes(title) ? 'right' : 'left',
      ),
    }),
    ...standings.flatMap(({ verdicts }) => verdicts.map(({ sentence }) => sentence)),
    colors.dim(`more of one: npx estimand causal show ${standings[0]!.name}`),
  ]
}

/** In brackets behind the estimate; nothing where a method has none. */
function intervalOf(verdict: CausalStandingVerdict): string {
  const { ciLower, ciUpper } = verdict
  if (ciLower === null) return ''
  return `  (${number(ciLower, scaleOf(verdict))} to ${number(ciUpper, scaleOf(verdict))})`
}

/** The true effect on whom the verdict speaks of. */
export function truthOf(
  { outcome, estimand }: Pick<CausalStandingVerdict, 'outcome' | 'estimand'>,
  estimates: readonly CausalStandingEstimate[],
): number | null {
  return estimates.find((row) => row.outcome === outcome && row.estimand === estimand)?.truth ?? null
}

function wayLines({ identification }: CausalStanding, { bold }: Colors): string[] {
  if (identification.length === 0) return []
  const chosen = identification.filter((way) => way.chosen)
  const words = chosen.map(({ kind, outcome, variables, given, note }) => {
    const held = given.length === 0 ? '' : ` given ${given.join(', ')}`
    const by =
      {
        adjustment_set: 'adjusting for',
        instrument: 'the instrument',
        frontdoor_set: 'the mediators',
        mediation: 'mediation by',
      }[kind] ?? kind
    return `  ${outcome}: ${by} ${variables.join(', ') || 'nothing'}${held}${note ? ` (${note})` : ''}`
  })
  const contradicted = identification.filter(({ verdict }) => verdict === 'contradicted')
  return [
    bold('How it is told'),
    ...words,
    ...contradicted.map(({ note }) => `  the data contradict the graph: ${note}`),
  ]
}

function checkLines({ checks, verdicts }: CausalStanding, { bold, green, red, yellow }: Colors): string[] {
  if (checks.length === 0) return []
  const paint = { ok: green, fails: red } as Readonly<Record<string, (text: string) => string>>
  return [
    bold('What was checked'),
    ...checks.map(({ outcome, checkName, verdict, message }) => {
      const about = outcome !== null && verdicts.length > 1 ? ` (${outcome})` : ''
      const word = (paint[verdict] ?? yellow)(verdict.replaceAll('_', ' '))
      return `  ${checkName.replaceAll('_', ' ')}${about}: ${verdict === 'not_evaluated' ? message : `${word}: ${message}`}`
    }),
  ]
}

const barWidth = 27

function estimateLines(
  { estimates }: CausalStanding,
  outcome: string,
  several: boolean,
  colors: Colors,
): string[] {
  const { bold } = colors
  const own = estimates.filter((row) => row.outcome === outcome)
  const axis: Axis = axisOf(
    own.filter(({ scale }) => scale !== 'relative'),
    barWidth,
  )
  const knowsTruth = own.some(({ truth }) => truth !== null)
  const rows = own.map((row) => [
    row.method.replaceAll('_', ' '),
    row.estimand.replaceAll('_', ' '),
    ...(row.status === 'refused'
      ? [colors.yellow('refused'), '', row.reason ?? '', '']
      : [
          number(row.estimate, row.scale),
          row.ciLower === null
            ? ''
            : `${number(row.ciLower, row.scale)} to ${number(row.ciUpper, row.scale)}`,
          row.scale === 'relative' ? '' : intervalBar(row, axis),
          row.pValue === null ? '' : row.pValue < 0.0001 ? '<0.0001' : row.pValue.toFixed(4),
        ]),
    ...(knowsTruth ? [number(row.truth, row.scale)] : []),
  ])
  const head = ['method', 'of', 'effect', 'interval', '', 'p', ...(knowsTruth ? ['truth'] : [])]
  const [first] = own
  const size = first?.n
    ? ` (${formatCount(first.n)} units${first.nTreated === null ? '' : `, ${formatCount(first.nTreated)} treated`})`
    : ''
  return [
    '',
    `${bold(several ? `Estimates of the effect on ${outcome}` : 'Estimates')}${size}`,
    ...tableLines({
      head: head.map((title) => bold(title)),
      rows,
      align: head.map((title) => (['effect', 'interval', 'p', 'truth'].includes(title) ? 'right' : 'left')),
    }),
  ]
}

function refutationLines({ refutations, verdicts }: CausalStanding, colors: Colors): string[] {
  if (refutations.length === 0) return []
  const several = verdicts.length > 1
  return [
    '',
    colors.bold('What tried to refute it'),
    ...refutations.map(({ outcome, refuter, verdict, message }) => {
      const text = message.startsWith(verdict) ? message.slice(verdict.length) : `: ${message}`
      const word =
        verdict === 'passes'
          ? colors.green(verdict)
          : verdict === 'fails'
            ? colors.red(verdict)
            : verdict.replace('_', ' ')
      const about = several ? ` (${outcome})` : ''
      return `  ${refuter.replaceAll('_', ' ')}${about}: ${verdict === 'not_evaluated' ? message : `${word}${text}`}`
    }),
  ]
}

function refuterWords({ refutations }: CausalStanding, outcome: string, { green, red }: Colors): string {
  const judged = refutations.filter(
    (row) => row.outcome === outcome && ['passes', 'fails'].includes(row.verdict),
  )
  if (judged.length === 0) return ''
  const failed = judged.filter(({ verdict }) => verdict === 'fails').length
  return failed === 0 ? green(`${judged.length} passed`) : red(`${failed} of ${judged.length} failed`)
}

function paintVerdict(verdict: string, { green, red, yellow }: Colors): string {
  const paint = { effect: green, doubtful: red, refused: red }[verdict] ?? yellow
  return paint(verdict.replaceAll('_', ' '))
}

function number(value: number | null, scale = 'absolute'): string {
  if (value === null) return ''
  return scale === 'relative' ? `${formatSigned(value * 100)} %` : formatSigned(value)
}

/** Whether a verdict speaks of shares. */
function scaleOf({ estimand }: Pick<CausalStandingVerdict, 'estimand'>): string {
  return estimand === 'att_relative' ? 'relative' : 'absolute'
}
