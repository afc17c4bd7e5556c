import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SchedulerEvent } from './scheduler.ts'
import type { WorkerEvent } from './worker.ts'

/** What a process says of itself to Prometheus. */
export interface DagMetrics {
  readonly onScheduler: (event: SchedulerEvent) => void
  readonly onWorker: (event: WorkerEvent) => void
  /** So many triggers name what nobody can follow. */
  readonly onTriggers: (unfollowed: number) => void
  readonly onAway: (what: string, isAway: boolean) => void
  /** In Prometheus' text format. */
  readonly text: () => Promise<string>
}

/** Runs that wait, as they stand in the store. */
export interface WaitingRun {
  readonly dag: string
  readonly queuedAt: string
}

/** Makes the metrics of one process. */
export function makeDagMetrics(
  readHeldBack: () => Promise<readonly WaitingRun[]>,
  clock: () => Date,
): DagMetrics {
  const registers = [new Registry()]
  const leading = new Gauge({
    registers,
    name: 'estimand_scheduler_leading',
    help: '1 for the scheduler that fires',
  })
  const dags = new Gauge({ registers, name: 'estimand_dags', help: 'DAGs of the project' })
  const broken = new Gauge({ registers, name: 'estimand_dag_problems', help: 'Problems of DAG files' })
  const unfollowed = new Gauge({
    registers,
    name: 'estimand_dag_triggers_unfollowed',
    help: 'Triggers by new data that can never fire',
  })
  const away = new Gauge({
    ...{ registers, name: 'estimand_warehouse_away', help: '1 while the warehouse cannot be reached' },
    labelNames: ['loop'],
  })
  const fired = new Counter({
    ...{ registers, name: 'estimand_dag_runs_fired_total', help: 'Runs that were made' },
    labelNames: ['dag', 'cause'],
  })
  const lag = new Histogram({
    ...{ registers, name: 'estimand_schedule_lag_seconds', help: 'From an instant to its run being queued' },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800],
  })
  const atWork = new Gauge({
    registers,
    name: 'estimand_steps_at_work',
    help: 'Steps at work in this process',
  })
  const steps = new Histogram({
    ...{ registers, name: 'estimand_step_seconds', help: 'How long tries of steps took' },
    labelNames: ['dag', 'step', 'status'],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400],
  })
  const ended = new Counter({
    ...{ registers, name: 'estimand_dag_runs_ended_total', help: 'Runs that ended here' },
    labelNames: ['dag', 'status'],
  })
  const taken = new Counter({
    registers,
    name: 'estimand_steps_taken_over_total',
    help: 'Steps of dead workers',
  })
  const heldBack = new Gauge({
    ...{ registers, name: 'estimand_dag_runs_held_back', help: 'Queued runs that wait for other runs' },
    labelNames: ['dag'],
  })
  const heldSeconds = new Gauge({
    ...{ registers, name: 'estimand_dag_run_held_back_seconds', help: 'For how long the longest of them' },
    labelNames: ['dag'],
  })
  /** Read when somebody asks; while the warehouse is away nothing is said of it. */
  const lookAtQueue = async (): Promise<void> => {
    const waiting = await readHeldBack().catch(() => [])
    heldBack.reset()
    heldSeconds.reset()
    // The longest comes first.
    for (const { dag, queuedAt } of waiting.toReversed()) {
      heldBack.inc({ dag })
      heldSeconds.set({ dag }, (clock().getTime() - Date.parse(queuedAt)) / 1000)
    }
  }
  const begun = new Map<string, number>()
  return {
    onScheduler(event) {
      if (event.type === 'leading') leading.set(1)
      if (event.type === 'stood_down') leading.set(0)
      if (event.type === 'dags_read') {
        dags.set(event.dags)
        broken.set(event.problems.length)
      }
      if (event.type !== 'fired') return
      for (const { dag, cause, lagMs } of event.runs) {
        fired.inc({ dag, cause })
        if (lagMs !== null) lag.observe(lagMs / 1000)
      }
    },
    onWorker(event) {
      if (event.type === 'took_over') taken.inc(event.steps)
      if (event.type === 'step_started') {
        atWork.inc()
        begun.set(event.step.runId, performance.now())
      }
      if (event.type !== 'step_ended') return
      const { step, outcome, after } = event
      atWork.dec()
      const seconds = (performance.now() - (begun.get(step.runId) ?? performance.now())) / 1000
      begun.delete(step.runId)
      steps.observe({ dag: step.dag.name, step: step.step, status: outcome.status }, seconds)
      if (after.ended) ended.inc({ dag: step.dag.name, status: after.ended })
    },
    onTriggers: (count) => unfollowed.set(count),
    onAway: (loop, isAway) => away.set({ loop }, isAway ? 1 : 0),
    async text() {
      await lookAtQueue()
      return registers[0]!.metrics()
    },
  }
}
