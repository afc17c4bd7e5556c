import type { Dag, NotificationOccasion } from '../../core/dag.ts'
import { formatDuration } from '../../core/duration.ts'
import type { EndedRun } from '../../store/dags/index.ts'

/*
 * What people are told of a run: a title, a few lines with what they need at night, and the same for programs.
 */

export interface Notice {
  readonly title: string
  readonly lines: readonly string[]
  /** For programs; keys as they stand in JSON. */
  readonly payload: Readonly<Record<string, unknown>>
}

const verdicts: Readonly<Record<NotificationOccasion, string>> = {
  on_failure: 'failed',
  on_success: 'succeeded',
  on_sla_miss: 'is late',
}

/** What is to be told of a run. */
export function noticeOf({ run, dag, occasion }: EndedRun, project: string): Notice {
  const failed = run.steps.filter(({ status }) => status === 'failed')
  const took = run.startedAt && run.finishedAt ? Date.parse(run.finishedAt) - Date.parse(run.startedAt) : null
  const lines: (string | null)[] = [
    `${run.instant ? 'run of' : 'run asked for at'} ${atZone(run.instant ?? run.queuedAt, dag)}, ${run.cause.replaceAll('_', ' ')}`,
    took === null ? null : `took ${formatDuration(took / 1000)}`,
    occasion === 'on_sla_miss' && dag.slaSeconds !== null
      ? `was to be done within ${formatDuration(dag.slaSeconds)}; it is ${run.status}`
      : null,
    run.stopReason === 'deadline' ? 'its deadline passed' : null,
    ...failed.map(
      ({ step, attempts, message }) =>
        `step ${step} failed${attempts > 1 ? ` after ${attempts} tries` : ''}${message === '' ? '' : `: ${message}`}`,
    ),
    dag.owners.length > 0 ? `owners: ${dag.owners.join(', ')}` : null,
    `estimand runs show ${run.dagRunId}`,
    occasion === 'on_failure' ? `estimand runs retry ${run.dagRunId}` : null,
  ]
  return {
    title: `${project}: ${dag.name} ${verdicts[occasion]}`,
    lines: lines.filter((line) => line !== null),
    payload: payloadOf({ run, dag, occasion }, project),
  }
}

function payloadOf({ run, dag, occasion }: EndedRun, project: string): Notice['payload'] {
  return {
    event: occasion,
    project,
    dag: dag.name,
    owners: dag.owners,
    tags: dag.tags,
    dag_run_id: run.dagRunId,
    status: run.status,
    stop_reason: run.stopReason,
    cause: run.cause,
    instant: run.instant,
    interval_start: run.intervalStart,
    interval_end: run.intervalEnd,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    steps: run.steps.map(({ step, status, attempts, runId, message }) => ({
      ...{ step, status, attempts, run_id: runId, message },
    })),
  }
}

function atZone(instant: string, { schedule }: Pick<Dag, 'schedule'>): string {
  const timeZone = schedule?.timezone ?? 'UTC'
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return `${text.format(new Date(instant))} ${timeZone}`
}
