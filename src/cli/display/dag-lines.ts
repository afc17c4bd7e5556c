import type { Dag, DagInterval, DagStep, NotificationTarget } from '../../core/dag.ts'
import { formatDuration } from '../../core/duration.ts'
import type { Colors } from '../output.ts'
import { stepDrawing } from './step-drawing.ts'
import { tableLines } from './table.ts'

/*
 * DAGs for people: one line each, or one DAG in full with its steps drawn.
 */

/** An instant of a schedule with the stretch of time that its run speaks about. */
export interface Due {
  readonly instant: string
  readonly interval: DagInterval
}

/** A table of DAGs; `nextOf` says when each fires next. */
export function dagListLines(dags: readonly Dag[], nextOf: (dag: Dag) => string | null): string[] {
  return tableLines({
    head: ['dag', 'schedule', 'next run', 'steps', 'owners', 'tags', 'file'],
    align: ['left', 'left', 'left', 'right', 'left', 'left', 'left'],
    rows: dags.map((dag) => [
      dag.name,
      scheduleText(dag),
      nextOf(dag) ?? '-',
      String(dag.steps.length),
      dag.owners.join(', '),
      dag.tags.join(', '),
      dag.file,
    ]),
  })
}

/** What one DAG is, its steps drawn from the top down, and what each does. */
export function dagLines(dag: Dag, next: readonly Due[], colors: Colors): string[] {
  const facts = factsOf(dag).map(([name, text]) => `${colors.dim(name.padEnd(13))} ${text}`)
  const due = next.length > 0 ? [`${colors.dim('next'.padEnd(13))} ${localTime(next[0]!.instant, dag)}`] : []
  return [
    `${colors.bold(dag.name)}${colors.dim(`  ${dag.file}`)}`,
    ...(dag.description === '' ? [] : dag.description.split('\n')),
    '',
    ...facts,
    ...due,
    '',
    ...stepDrawing(dag.steps, (name) => name),
    '',
    ...tableLines({
      head: ['step', 'does', 'needs', 'retries', 'timeout', 'pool'],
      align: ['left', 'left', 'left', 'right', 'right', 'left'],
      rows: dag.steps.map((step) => [
        step.name,
        stepDetail(step),
        needsText(step),
        String(step.retry.retries),
        step.timeoutSeconds === null ? '-' : formatDuration(step.timeoutSeconds),
        step.pool ?? '-',
      ]),
    }),
  ]
}

function factsOf(dag: Dag): [name: string, text: string][] {
  const { triggers, retry } = dag
  const facts: [string, string | null][] = [
    ['schedule', scheduleText(dag)],
    ['waits for', dag.dependsOn.map(({ dag: name, on }) => `${name} (${on})`).join(', ') || null],
    ['follows', triggers.afterDags.map(({ dag: name, on }) => `${name} (${on})`).join(', ') || null],
    ['new data of', triggers.newData.join(', ') || null],
    ['webhook', triggers.webhook && `token in ${triggers.webhook.tokenEnv}`],
    ['first day', dag.startDate && localTime(dag.startDate, dag)],
    ['ends', dag.endDate && localTime(dag.endDate, dag)],
    ['catch-up', dag.schedule && catchupWords[dag.catchup]],
    ['at once', `${dag.maxActiveRuns} ${dag.maxActiveRuns === 1 ? 'run' : 'runs'}`],
    ['retries', retry.retries === 0 ? null : `${retry.retries}, after ${formatDuration(retry.delaySeconds)}`],
    ['deadline', dag.timeoutSeconds === null ? null : formatDuration(dag.timeoutSeconds)],
    ['sla', dag.slaSeconds === null ? null : formatDuration(dag.slaSeconds)],
    ['owners', dag.owners.join(', ') || null],
    ['tags', dag.tags.join(', ') || null],
    ['tells', tellsText(dag) || null],
  ]
  return facts.filter((fact): fact is [string, string] => fact[1] !== null)
}

const catchupWords: Readonly<Record<Dag['catchup'], string>> = {
  all: 'every instant that was missed',
  latest: 'the latest instant that was missed',
  none: 'nothing that was missed',
}

/** `30 2 * * *  Europe/Berlin`, or what starts a DAG without schedule. */
export function scheduleText({ schedule, triggers }: Dag): string {
  if (schedule) return `${schedule.cron}  ${schedule.timezone}`
  const { afterDags, newData, webhook } = triggers
  const by = [
    ...afterDags.map(({ dag }) => `after ${dag}`),
    ...(newData.length > 0 ? ['new data'] : []),
    ...(webhook ? ['webhook'] : []),
  ]
  return by.join(', ') || 'by hand'
}

/** What a step does, in few words: `build tag:nightly, not slow`. */
export function stepDetail(step: DagStep): string {
  switch (step.kind) {
    case 'export':
      return `export ${step.select} to ${step.to}`
    case 'operation':
      return `operation ${step.macro}`
    case 'command':
      return step.argv[0] === 'sh' && step.argv[1] === '-c' ? step.argv[2]! : step.argv.join(' ')
    default: {
      const chosen = step.select.length > 0 ? ` ${step.select.join(' ')}` : ''
      const without = step.exclude.length > 0 ? `, not ${step.exclude.join(' ')}` : ''
      return `${step.kind.replace('_', ' ')}${chosen}${without}${step.fullRefresh ? ', full refresh' : ''}${step.isOverInterval ? ', over the interval' : ''}`
    }
  }
}

function needsText({ needs, when }: DagStep): string {
  const names = needs.join(', ') || '-'
  return when === 'success' ? names : when === 'failure' ? `a failure of ${names}` : `the end of ${names}`
}

function tellsText({ notifications }: Dag): string {
  return Object.entries(notifications)
    .filter(([, targets]) => targets.length > 0)
    .map(
      ([occasion, targets]) =>
        `${occasion.replace('on_', 'on ').replace('_', ' ')} ${targets.map(targetText).join(', ')}`,
    )
    .join('; ')
}

function targetText(target: NotificationTarget): string {
  if (target.kind === 'email') return target.to.join(' ')
  return target.kind === 'slack' && target.channel !== null ? `slack ${target.channel}` : target.kind
}

/** An instant as clocks show it in the zone of the DAG: `2026-02-01 02:30 CET`. */
export function localTime(instant: string, { schedule }: Pick<Dag, 'schedule'>): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: schedule?.timezone ?? 'UTC',
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
    second: '2-digit',
    timeZoneName: 'short',
  })
  const parts = Object.fromEntries(
    format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]),
  )
  const seconds = parts['second'] === '00' ? '' : `:${parts['second']}`
  return `${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}${seconds} ${parts['timeZoneName']}`
}
