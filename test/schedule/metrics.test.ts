import { expect, it } from 'vitest'
import { makeDagMetrics, type WaitingRun } from '../../src/schedule/metrics.ts'

it('tell of the runs that wait for others, as they stand when somebody asks', async () => {
  let waiting: WaitingRun[] | null = [
    { dag: 'nightly', queuedAt: '2026-02-01T00:00:00.000Z' },
    { dag: 'hourly', queuedAt: '2026-02-01T00:09:00.000Z' },
    { dag: 'nightly', queuedAt: '2026-02-01T00:05:00.000Z' },
  ]
  const metrics = makeDagMetrics(
    async () => {
      if (!waiting) throw new Error('the warehouse is away')
      return waiting
    },
    () => new Date('2026-02-01T00:10:00Z'),
  )
  const told = async () =>
    (await metrics.text()).split('\n').filter((line) => /^estimand_dag_runs?_held_back\w*\{/.test(line))
  expect(await told()).toEqual([
    'estimand_dag_runs_held_back{dag="nightly"} 2',
    'estimand_dag_runs_held_back{dag="hourly"} 1',
    'estimand_dag_run_held_back_seconds{dag="nightly"} 600',
    'estimand_dag_run_held_back_seconds{dag="hourly"} 60',
  ])
  waiting = waiting.slice(1, 2)
  expect(await told()).toEqual([
    'estimand_dag_runs_held_back{dag="hourly"} 1',
    'estimand_dag_run_held_back_seconds{dag="hourly"} 60',
  ])
  waiting = null
  expect(await told()).toEqual([])
})

it('tell how many triggers can never fire', async () => {
  const metrics = makeDagMetrics(
    async () => [],
    () => new Date('2026-02-01T00:10:00Z'),
  )
  metrics.onTriggers(2)
  expect(await metrics.text()).toContain('\nestimand_dag_triggers_unfollowed 2\n')
})
