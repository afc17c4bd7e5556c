import type { SchedulerEvent } from '../../schedule/scheduler.ts'
import type { WorkerEvent } from '../../schedule/worker.ts'

/** What a scheduler says, for people. */
export function schedulerLines(event: SchedulerEvent): string[] {
  switch (event.type) {
    case 'leading':
      return ['this scheduler fires']
    case 'stood_down':
      return ['this scheduler stands by']
    case 'dags_read':
      return [`${event.dags} ${event.dags === 1 ? 'DAG' : 'DAGs'}`]
    case 'fired':
      return event.runs.map(({ dag, cause, instant }) =>
        cause === 'schedule' ? `${dag}: due at ${instant}` : `${dag}: ${cause.replace('_', ' ')}`,
      )
    case 'deadline':
      return [`run ${event.dagRunId}: its deadline has passed`]
    case 'forgotten':
      return [`old runs forgotten: ${event.runs}`]
  }
}

/** What a worker says, for people. */
export function workerLines(event: WorkerEvent): string[] {
  switch (event.type) {
    case 'entered':
      return [`worker ${event.workerId}: ${event.slots} at a time`]
    case 'step_started': {
      const { dag, step, cause } = event.step
      return [`${dag.name} ${step}: begins${cause === 'first' ? '' : ` (${cause.replace('_', ' ')})`}`]
    }
    case 'step_ended': {
      const { step, outcome, after, retryAt } = event
      const why = outcome.message === '' ? '' : `: ${outcome.message}`
      const again = retryAt ? `, again at ${retryAt.toISOString()}` : ''
      const status = after.taken ? 'another has it' : outcome.status
      const line = `${step.dag.name} ${step.step}: ${status}${why}${again}`
      return after.ended ? [line, `${step.dag.name}: run ${step.dagRunId} ${after.ended}`] : [line]
    }
    case 'took_over':
      return [`handed out again from dead workers: ${event.steps}`]
    case 'taken_for_dead':
      return [`taken for dead: what was at work here is others' now (${event.steps})`]
  }
}
