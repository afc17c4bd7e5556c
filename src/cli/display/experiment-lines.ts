import type { ExperimentOutcome, ExperimentSpec } from '../../core/experiment-spec.ts'
import { primaryMethod } from '../../jobs/experiment/primary-method.ts'
import type {
  ExperimentStanding,
  StandingCheck,
  StandingDecision,
  StandingEstimate,
} from '../../run/experiment-standing.ts'
import type { Colors } from '../output.ts'
import { type Axis, axisOf, intervalBar } from './interval-bar.ts'
import { formatCount, formatCounted, formatSigned, formatSignedPercent } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * Experiments for people: a line each, or one with its design, health, results and decision.
 */

/** One line per experiment. */
export function experimentList(
  standings: readonly (readonly [ExperimentStanding, ExperimentSpec])[],
  colors: Colors,
): string[] {
  const { bold, dim } = colors
  if (standings.length === 0)
    return ['There is no experiment: declare one below analytics/ with kind: experiment.']
  const rows = standings.map(([standing, spec]) => [
    standing.name,
    statusWords(standing),
    standing.asOf?.slice(0, 10) ?? dim('never'),
    standing.arms.map(({ arm }) => arm).join(', '),
    unitsOf(standing),
    healthWords(standing.health, colors),
    goalWords(standing, spec, colors),
    decisionWords(standing.decisions, colors),
  ])
  const head = ['experiment', 'status', 'as of', 'arms', 'units', 'health', 'goals', 'decision']
  return tableLines({
    head: head.map((title) => bold(title)),
    rows,
    align: head.map((title) => (title === 'units' ? 'right' : 'left')),
  })
}

/** What `experiment show` tells of one experiment. */
export interface ShownExperiment {
  readonly standing: ExperimentStanding
  readonly spec: ExperimentSpec
  /** Every method, not only the one that tells most. */
  readonly all: boolean
}

/** Design, health, results and decision. */
export function experimentPage({ standing, spec, all }: ShownExperiment, colors: Colors): string[] {
  const { bold, dim } = colors
  const { name, question, asOf, relation } = standing
  const dates = standing.start === null ? [] : [`${standing.start} to ${standing.end}`]
  const facts = [statusWords(standing), ...dates, ...(asOf === null ? [] : [`as of ${asOf.slice(0, 10)}`])]
  const head = [`${bold(`Experiment ${name}`)}${question ? `: ${question}` : ''}`, facts.join(' · ')]
  if (asOf === null)
    return [...head, '', ...armLines(standing, colors), '', `build it: estimand build --select +${name}`]
  return [
    ...head,
    '',
    ...armLines(standing, colors),
    ...healthLines(standing.health, colors),
    ...resultLines(standing, spec, all, colors),
    ...decisionLines(standing.decisions, colors),
    '',
    dim(`everything: ${relation} and its other tables; estimand show --select ${name}`),
  ]
}

function statusWords({ status, start, end, asOf }: ExperimentStanding): string {
  switch (status) {
    case 'not_built':
      return 'not built'
    case 'planned':
      return 'planned'
    case 'ended':
      return 'ended'
    case 'undated':
      return 'no dates'
    case 'running': {
      const days = (from: string, to: string) =>
        Math.round((Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / 86_400_000)
      return `running, day ${days(start!, asOf!)} of ${days(start!, end!)}`
    }
  }
}

function unitsOf({ arms }: ExperimentStanding): string {
  const known = arms.flatMap(({ units }) => units ?? [])
  return known.length === 0 ? '' : formatCount(known.reduce((sum, units) => sum + units, 0))
}

function armLines({ arms }: ExperimentStanding, { bold }: Colors): string[] {
  const head = ['arm', '', 'planned', 'units']
  return tableLines({
    head: head.map((title) => bold(title)),
    rows: arms.map(({ arm, role, weight, units }) => [
      arm,
      role,
      `${Number((weight * 100).toFixed(2))} %`,
      units === null ? '' : formatCount(units),
    ]),
    align: ['left', 'left', 'right', 'right'],
  })
}

const verdicts = ['fail', 'warn', 'ok', 'not_evaluated'] as const

function healthWords(health: readonly StandingCheck[], colors: Colors): string {
  const count = (verdict: StandingCheck['verdict']) =>
    health.filter((check) => check.verdict === verdict).length
  const [failed, warned] = [count('fail'), count('warn')]
  if (health.length === 0) return ''
  if (failed > 0) return colors.red(`${formatCounted(failed, 'check')} failed`)
  return warned > 0 ? colors.yellow(formatCounted(warned, 'warning')) : colors.green('ok')
}

function healthLines(health: readonly StandingCheck[], colors: Colors): string[] {
  if (health.length === 0) return []
  const counts = verdicts.flatMap((verdict) => {
    const count = health.filter((check) => check.verdict === verdict).length
    return count === 0 ? [] : [`${count} ${verdict.replace('_', ' ')}`]
  })
  const told = verdicts
    .slice(0, 2)
    .flatMap((verdict) => health.filter((check) => check.verdict === verdict))
    .map((check) => {
      const word = check.verdict === 'fail' ? colors.red('fail') : colors.yellow('warn')
      const excuse = check.overrideReason === null ? '' : ` (passed over: ${check.overrideReason})`
      return `  ${word}  ${check.checkName}${scopeWords(check)}: ${check.message}${excuse}`
    })
  return ['', `${colors.bold('Health')}  ${counts.join(', ')}`, ...told]
}

function scopeWords({ outcome, treatment, segmentName, segmentValue }: StandingCheck): string {
  const parts = [outcome, treatment, segmentName === null ? null : `${segmentName} ${segmentValue}`]
  const named = parts.filter((part) => part !== null)
  return named.length === 0 ? '' : ` of ${named.join(', ')}`
}

/** Estimates of the effect of a treatment; the others say how it differs between segments or wears off. */
const effects: ReadonlySet<string> = new Set(['ate', 'lift'])

/** For each outcome, treatment and segment the estimate that decisions rest on, as a share where there is one. */
export function mainEstimates(
  estimates: readonly StandingEstimate[],
  spec: ExperimentSpec,
): StandingEstimate[] {
  const best = new Map<string, StandingEstimate>()
  for (const estimate of estimates) {
    const { outcome, treatment, comparison, segmentName, segmentValue, estimand } = estimate
    if (!effects.has(estimand) || comparison !== spec.control) continue
    const key = JSON.stringify([outcome, treatment, segmentName, segmentValue])
    const known = best.get(key)
    if (!known || rankOf(estimate, spec) < rankOf(known, spec)) best.set(key, estimate)
  }
  return [...best.values()]
}

function rankOf(estimate: StandingEstimate, spec: ExperimentSpec): number {
  const outcome = spec.outcomes.find(({ name }) => name === estimate.outcome)
  const scale = estimate.scale === 'relative' ? 'relative' : 'absolute'
  const isPrimary = outcome !== undefined && primaryMethod(spec, outcome, scale) === estimate.method
  return (estimate.status === 'ok' ? 0 : 4) + (isPrimary ? 0 : 2) + (scale === 'relative' ? 0 : 1)
}

const barWidth = 27

function resultLines(
  { estimates }: ExperimentStanding,
  spec: ExperimentSpec,
  all: boolean,
  colors: Colors,
): string[] {
  const { bold } = colors
  const { outcomes, treatments, ciLevel } = spec
  const shown = inOrder(all ? estimates : mainEstimates(estimates, spec), outcomes)
  if (shown.length === 0) return []
  const axes = new Map(
    [...new Set(shown.map(axisKey))].map((key) => [
      key,
      axisOf(
        shown.filter((one) => axisKey(one) === key),
        barWidth,
      ),
    ]),
  )
  const hasSegments = shown.some(({ segmentName }) => segmentName !== null)
  const isOne = treatments.length === 1
  const rows = shown.map((estimate) => {
    const outcome = outcomes.find(({ name }) => name === estimate.outcome)
    return [
      ...(hasSegments
        ? [estimate.segmentName === null ? 'all' : `${estimate.segmentName} ${estimate.segmentValue}`]
        : []),
      ...(isOne ? [] : [estimate.treatment]),
      estimate.outcome,
      outcome?.role ?? '',
      methodWords(estimate, spec),
      ...(estimate.status === 'refused'
        ? [colors.yellow('refused'), '', estimate.reason ?? '', '']
        : effectCells(estimate, outcome, axes.get(axisKey(estimate))!, colors)),
    ]
  })
  const title = `${Number((ciLevel * 100).toFixed(2))} % interval`
  const head = [
    ...(hasSegments ? ['segment'] : []),
    ...(isOne ? [] : ['treatment']),
    ...['outcome', '', 'method', 'effect', title, '', 'p'],
  ]
  return [
    '',
    bold('Results'),
    ...tableLines({
      head: head.map((word) => bold(word)),
      rows,
      align: head.map((word) => (['effect', title, 'p'].includes(word) ? 'right' : 'left')),
    }),
  ]
}

function methodWords(
  { method, estimand, comparison }: StandingEstimate,
  { control }: ExperimentSpec,
): string {
  const against = comparison === control ? '' : ` against ${comparison}`
  const kind = effects.has(estimand) ? '' : `${estimand}, `
  return `${kind}${method.replaceAll('_', ' ')}${against}`
}

/** Shares can be compared with each other, numbers in units of their own only with the same. */
function axisKey({ scale, outcome, estimand }: StandingEstimate): string {
  if (!effects.has(estimand)) return `${estimand} ${scale} ${outcome}`
  return scale === 'relative' ? scale : `${scale} ${outcome}`
}

function effectCells(
  estimate: StandingEstimate,
  outcome: ExperimentOutcome | undefined,
  axis: Axis,
  colors: Colors,
): string[] {
  const { ciLower, ciUpper, pValue, pValueAdjusted } = estimate
  const paint = paintOf(estimate, outcome, colors)
  const words = (value: number): string => {
    if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
    return estimate.scale === 'relative' ? formatSignedPercent(value) : formatSigned(value)
  }
  const p = pValueAdjusted ?? pValue
  return [
    estimate.estimate === null ? '' : paint(words(estimate.estimate)),
    ciLower === null && ciUpper === null
      ? ''
      : `${words(ciLower ?? -Infinity)} to ${words(ciUpper ?? Infinity)}`,
    paint(intervalBar(estimate, axis)),
    p === null ? '' : p < 0.0001 ? '<0.0001' : p.toFixed(4),
  ]
}

/** Green for what is surely better, red for what is surely worse. */
function paintOf(
  { ciLower, ciUpper }: StandingEstimate,
  outcome: ExperimentOutcome | undefined,
  colors: Colors,
): (text: string) => string {
  const isUp = ciLower !== null && ciLower > 0
  const isDown = ciUpper !== null && ciUpper < 0
  if (!outcome || (!isUp && !isDown)) return (text) => text
  return isUp === (outcome.better === 'higher') ? colors.green : colors.red
}

function inOrder(
  estimates: readonly StandingEstimate[],
  outcomes: readonly ExperimentOutcome[],
): StandingEstimate[] {
  const roles = ['goal', 'guardrail', 'secondary']
  const place = (name: string): number => {
    const index = outcomes.findIndex((outcome) => outcome.name === name)
    return index < 0 ? Infinity : roles.indexOf(outcomes[index]!.role) * 1000 + index
  }
  const segment = ({ segmentName, segmentValue }: StandingEstimate) =>
    segmentName === null ? '' : `${segmentName} ${segmentValue}`
  return [...estimates].sort(
    (a, b) =>
      Number(segment(a) > segment(b)) - Number(segment(a) < segment(b)) ||
      a.treatment.localeCompare(b.treatment) ||
      // Outcomes that the spec does not know any more come last.
      (place(a.outcome) === place(b.outcome) ? 0 : place(a.outcome) - place(b.outcome)),
  )
}

function goalWords({ estimates }: ExperimentStanding, spec: ExperimentSpec, colors: Colors): string {
  const goals = spec.outcomes.filter(({ role }) => role === 'goal')
  const main = mainEstimates(
    estimates.filter(({ segmentName }) => segmentName === null),
    spec,
  )
  return goals
    .flatMap((goal) =>
      main.filter(({ outcome }) => outcome === goal.name).map((estimate) => ({ goal, estimate })),
    )
    .map(({ goal, estimate }) => {
      const { status, scale, treatment } = estimate
      const value = estimate.estimate ?? 0
      const words = scale === 'relative' ? formatSignedPercent(value) : formatSigned(value)
      const shown = status === 'refused' ? colors.yellow('refused') : paintOf(estimate, goal, colors)(words)
      return `${goal.name}${main.some((one) => one.treatment !== treatment) ? ` (${treatment})` : ''} ${shown}`
    })
    .join(', ')
}

function decisionWords(decisions: readonly StandingDecision[], colors: Colors): string {
  const all = decisions.filter(({ segmentName }) => segmentName === null)
  const words = all.map(({ treatment, decision }) => {
    const word = paintDecision(decision, colors)
    return all.length === 1 ? word : `${treatment}: ${word}`
  })
  return words.join(', ')
}

function paintDecision(decision: string, { green, red, yellow }: Colors): string {
  const paint = { ship: green, roll_back: red, refused: red }[decision] ?? yellow
  return paint(decision.replaceAll('_', ' '))
}

function decisionLines(decisions: readonly StandingDecision[], colors: Colors): string[] {
  if (decisions.length === 0) return []
  return [
    '',
    colors.bold('Decision'),
    ...decisions.map(({ treatment, segmentName, segmentValue, decision, launch, reason }) => {
      const where = segmentName === null ? '' : `, ${segmentName} ${segmentValue}`
      const launched = launch === null ? '' : `, launch ${launch.replaceAll('_', ' ')}`
      return `  ${treatment}${where}: ${paintDecision(decision, colors)}${launched}. ${reason}`
    }),
  ]
}
