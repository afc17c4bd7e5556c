import { changeWords, scopeWords, shown, statisticName, windowWords } from '../../jobs/drift/drift-words.ts'
import type {
  DriftStanding,
  DriftStandingChange,
  DriftStandingFinding,
  DriftTruth,
} from '../../run/drift-standing.ts'
import type { Colors } from '../output.ts'
import { formatCounted } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * Drift for people: a line for each job, or one with its shifts, its changes and its distributions.
 */

/** One line for each drift job. */
export function driftList(standings: readonly DriftStanding[], colors: Colors): string[] {
  const { bold, dim } = colors
  if (standings.length === 0) return ['There is no drift job: declare one below analytics/ with kind: drift.']
  const rows = standings.map(({ name, asOf, findings, changes }) => [
    name,
    asOf?.slice(0, 10) ?? dim('never'),
    asOf === null ? '' : verdictWords(findings, colors),
    asOf === null ? '' : worstWords(findings),
    asOf === null ? '' : changes.length === 0 ? 'none' : sinceWords(changes),
  ])
  const head = ['drift job', 'as of', 'verdict', 'farthest', 'changed']
  return tableLines({ head: head.map((title) => bold(title)), rows, align: head.map(() => 'left') })
}

/** What drifted, since when, and the distributions of what drifted; everything with `all`. */
export function driftPage(standing: DriftStanding, all: boolean, colors: Colors): string[] {
  const { bold, dim } = colors
  const { name, question, asOf, relation, findings, changes, truth } = standing
  const head = [`${bold(`Drift ${name}`)}${question ? `: ${question}` : ''}`]
  if (asOf === null) return [...head, '', `build it: estimand build --select +${name}`]
  return [
    ...head,
    `${dim(`as of ${asOf.slice(0, 10)}`)} · ${verdictWords(findings, colors)}`,
    ...findingLines(findings, all, colors),
    ...changeLines(changes, truth, colors),
    ...distributionLines(standing, all, colors),
    '',
    dim(`everything: ${relation} and its other tables; estimand drift memo ${name} --to memo.html`),
  ]
}

/** What drift was found, beside the days on which the generator made it: for who judges the jobs. */
export function foundBesideTruthLines(standings: readonly DriftStanding[], colors: Colors): string[] {
  const rows = standings.flatMap(({ name, truth, changes }) =>
    truth.map((known) => {
      const found = changes.find((change) => isAbout(change, known))
      const days = found ? (Date.parse(found.changedOn) - Date.parse(known.changedOn)) / 86_400_000 : null
      return [
        ...[name, `${scopeWords(known)}${known.category === null ? '' : `, ${known.category}`}`],
        found ? changeWords(found) : '',
        ...[found?.changedOn ?? '', known.changedOn],
        days === null
          ? colors.yellow('not found')
          : days === 0
            ? colors.green('to the day')
            : `${formatCounted(Math.abs(days), 'day')} ${days < 0 ? 'before' : 'after'}`,
      ]
    }),
  )
  if (rows.length === 0) return []
  const head = ['drift job', 'what', 'found', 'since', 'truly since', '']
  return [
    '',
    colors.bold('What drifted, and since when in truth'),
    ...tableLines({ head: head.map((title) => colors.bold(title)), rows, align: head.map(() => 'left') }),
    colors.dim(`more of one: npx estimand drift show ${rows[0]![0]}`),
  ]
}

/** Whether a change that was found is the one that was made, on whichever day. */
function isAbout(change: DriftStandingChange, known: DriftTruth): boolean {
  return (
    change.columnName === known.columnName &&
    change.segmentName === known.segmentName &&
    change.segmentValue === known.segmentValue &&
    change.category === known.category
  )
}

function verdictWords(findings: readonly DriftStandingFinding[], colors: Colors): string {
  const count = (verdict: string) => findings.filter((row) => row.verdict === verdict).length
  const [failed, warned, fine, refused] = [count('fail'), count('warn'), count('ok'), count('refused')]
  const words = [
    ...(failed > 0 ? [colors.red(`${failed} fail`)] : []),
    ...(warned > 0 ? [colors.yellow(`${warned} warn`)] : []),
    ...(fine > 0 ? [failed + warned > 0 ? `${fine} ok` : colors.green(`${fine} ok`)] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ]
  return words.join(', ')
}

/** The shift that is farthest beyond its threshold. */
function worstWords(findings: readonly DriftStandingFinding[]): string {
  const drifted = findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
  const beyond = ({ value, warnAt, failAt }: DriftStandingFinding): number =>
    Math.abs(value ?? 0) / (warnAt ?? failAt ?? Infinity)
  const [worst] = drifted.toSorted((a, b) => beyond(b) - beyond(a))
  if (!worst) return ''
  return `${scopeWords(worst)}, ${windowWords(worst.windowDays)}: ${statisticName(worst.statistic)} ${shown(worst.value ?? 0)}`
}

function sinceWords(changes: readonly DriftStandingChange[]): string {
  const days = [...new Set(changes.map(({ changedOn }) => changedOn))].sort()
  return days.length <= 3
    ? days.join(', ')
    : `${days.slice(0, 2).join(', ')} and ${days.length - 2} days more`
}

function findingLines(findings: readonly DriftStandingFinding[], all: boolean, colors: Colors): string[] {
  const told = findings.filter(({ verdict }) => all || verdict === 'fail' || verdict === 'warn')
  const refused = all ? [] : findings.filter(({ verdict }) => verdict === 'refused')
  const reasons = [...new Set(refused.map(({ reason }) => reason))]
  const rows = told.map((row) => [
    scopeWords(row),
    windowWords(row.windowDays),
    statisticName(row.statistic),
    row.value === null ? '' : shown(row.value),
    row.referenceValue === null || row.currentValue === null
      ? ''
      : `${shown(row.referenceValue)} to ${shown(row.currentValue)}`,
    row.pValueAdjusted === null
      ? ''
      : row.pValueAdjusted < 0.0001
        ? '<0.0001'
        : row.pValueAdjusted.toFixed(4),
    paintVerdict(row.verdict, colors),
    row.reason ?? '',
  ])
  const head = ['column', 'window', 'statistic', 'value', 'from, to', 'p', 'verdict', '']
  return [
    '',
    ...(rows.length === 0
      ? [findings.some(({ verdict }) => verdict === 'ok') ? 'Nothing drifted.' : 'Nothing could be judged.']
      : tableLines({
          head: head.map((title) => colors.bold(title)),
          rows,
          align: head.map((title) => (title === 'value' || title === 'p' ? 'right' : 'left')),
        })),
    ...reasons.map((reason) =>
      colors.dim(`${refused.filter((row) => row.reason === reason).length} not judged: ${reason}`),
    ),
  ]
}

function changeLines(
  changes: readonly DriftStandingChange[],
  truth: readonly DriftTruth[],
  { bold, dim }: Colors,
): string[] {
  if (changes.length === 0) return []
  const known = truth.length > 0
  const rows = changes.map((change) => [
    change.changedOn,
    scopeWords(change),
    changeWords(change),
    ...(known ? [truth.find((each) => isAbout(change, each))?.changedOn ?? dim('nothing known')] : []),
  ])
  const head = ['since', 'column', 'change', ...(known ? ['truly since'] : [])]
  return [
    '',
    bold('Since when'),
    ...tableLines({ head: head.map((title) => bold(title)), rows, align: head.map(() => 'left') }),
  ]
}

const barWidth = 24

/** The shares of the cells of what drifted, in the longest window: the reference as a line, now as a bar. */
function distributionLines(
  { distributions, findings }: DriftStanding,
  all: boolean,
  colors: Colors,
): string[] {
  const longest = Math.max(...distributions.map(({ windowDays }) => windowDays))
  const drifted = findings.filter(({ verdict }) => all || verdict === 'fail' || verdict === 'warn')
  const shownScopes = [...new Set(drifted.map(scopeWords))].slice(0, all ? undefined : 4)
  return shownScopes.flatMap((scope) => {
    const cells = distributions.filter((cell) => cell.windowDays === longest && scopeWords(cell) === scope)
    const most = Math.max(
      ...cells.flatMap(({ referenceShare, currentShare }) => [referenceShare ?? 0, currentShare ?? 0]),
    )
    if (cells.length === 0 || most === 0) return []
    return [
      '',
      `${colors.bold(scope)}, ${windowWords(longest)}`,
      ...tableLines({
        head: ['', 'reference', 'now', ''],
        rows: cells.map(({ label, referenceShare, currentShare }) => [
          label,
          percent(referenceShare),
          percent(currentShare),
          shareBar(referenceShare ?? 0, currentShare ?? 0, most),
        ]),
        align: ['left', 'right', 'right', 'left'],
      }),
    ]
  })
}

/** `─────●──│`: as long as the share is now, with a line at what it was. */
function shareBar(before: number, after: number, most: number): string {
  const at = (share: number): number => Math.round((share / most) * barWidth)
  const [line, end] = [at(before), at(after)]
  return Array.from({ length: Math.max(line, end) + 1 }, (_, index) =>
    index === end ? '●' : index === line ? '│' : index < end ? '─' : ' ',
  ).join('')
}

function percent(share: number | null): string {
  return share === null ? '' : `${(100 * share).toFixed(1)} %`
}

function paintVerdict(verdict: string, { green, red, yellow }: Colors): string {
  const paint = { ok: green, fail: red, warn: yellow }[verdict]
  return paint ? paint(verdict) : verdict
}
