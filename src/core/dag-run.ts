import type { DagStep } from './dag.ts'

/*
 * The run of a DAG and how it goes on. A run is made queued, starts when its DAG has room, and ends when all of its
 * steps have:
 *
 *     run    queued ──room──▶ running ──all steps ended──▶ success | failed | cancelled
 *
 *     step   waiting ──what it needs has ended as `when` asks──▶ queued ──a worker takes it──▶ running ──▶ success
 *               │                                                 ▲  ▲                          │ ├──▶ failed
 *               │                                                 │  └──failed, tries left──────┘ └──▶ cancelled
 *               │                                                 └──its worker died────────────┘
 *               └──it cannot be any more──▶ skipped | cancelled
 */

/** Why a run of a DAG was made. */
export const dagRunCauses = ['schedule', 'manual', 'backfill', 'after_dag', 'new_data', 'webhook'] as const
export type DagRunCause = (typeof dagRunCauses)[number]

/** How a run of a DAG stands. */
export const dagRunStatuses = ['queued', 'running', 'success', 'failed', 'cancelled'] as const
export type DagRunStatus = (typeof dagRunStatuses)[number]

/** How a step of such a run stands. */
export type DagStepStatus = 'waiting' | 'queued' | 'running' | 'success' | 'failed' | 'skipped' | 'cancelled'

/** Why a run ends before its steps have. */
export type StopReason = 'cancelled' | 'deadline'

/** What the way of a run is decided by, of each step in the order of the file. */
export interface StepStanding {
  readonly name: string
  readonly needs: readonly string[]
  readonly when: DagStep['when']
  readonly status: DagStepStatus
}

/** What becomes of the steps that wait, and of the run when all have ended; null while they have not. */
export interface DagProgress {
  readonly steps: ReadonlyMap<string, DagStepStatus>
  readonly ended: 'success' | 'failed' | 'cancelled' | null
}

/** Decides how a run goes on from how its steps stand. */
export function progressOf(steps: readonly StepStanding[], stop: StopReason | null): DagProgress {
  const status = new Map(steps.map((step) => [step.name, step.status]))
  const changed = new Map<string, DagStepStatus>()
  for (const step of steps) {
    const next = stop === null ? nextStatus(step, status) : stoppedStatus(step.status)
    if (next === step.status) continue
    status.set(step.name, next)
    changed.set(step.name, next)
  }
  const all = [...status.values()]
  if (!all.every(hasEnded)) return { steps: changed, ended: null }
  return { steps: changed, ended: verdict(all, stop) }
}

/** Whether nothing more becomes of a step. */
export function hasEnded(status: DagStepStatus): boolean {
  return status !== 'waiting' && status !== 'queued' && status !== 'running'
}

function nextStatus(
  { when, needs, status }: StepStanding,
  known: ReadonlyMap<string, DagStepStatus>,
): DagStepStatus {
  if (status !== 'waiting') return status
  const before = needs.map((name) => known.get(name) ?? 'success')
  const isOver = before.every(hasEnded)
  switch (when) {
    case 'success':
      if (before.some((one) => hasEnded(one) && one !== 'success')) return 'skipped'
      return isOver ? 'queued' : 'waiting'
    case 'failure':
      if (!isOver) return 'waiting'
      return before.includes('failed') ? 'queued' : 'skipped'
    case 'always':
      return isOver ? 'queued' : 'waiting'
  }
}

function stoppedStatus(status: DagStepStatus): DagStepStatus {
  return status === 'waiting' || status === 'queued' ? 'cancelled' : status
}

function verdict(all: readonly DagStepStatus[], stop: StopReason | null): 'success' | 'failed' | 'cancelled' {
  // What had done all of its work before anybody could stop it has succeeded.
  if (all.every((status) => status === 'success' || status === 'skipped')) return 'success'
  if (stop === 'cancelled') return 'cancelled'
  return 'failed'
}
