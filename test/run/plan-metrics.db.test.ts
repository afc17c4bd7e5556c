import { describe, expect, test } from 'vitest'
import { unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const project = (experiment: string, metrics = ''): Files => ({
  'project.yml': projectFile,
  'models/daily.sql': `{{ config(materialized='table') }}
select id as user_id, date '2026-06-01' + d as day, id % 5 + d as plays, '{{ var('as_of') }}' as as_of
from generate_series(1, 200) as id, generate_series(0, 9) as d`,
  'models/assigned.sql': `{{ config(materialized='table') }}
select id as user_id, case when id % 2 = 0 then 'a' else 'b' end as arm, timestamptz '2026-06-02 00:00Z' as at
from generate_series(1, 200) as id`,
  'analytics/product.yml': `
kind: metrics
from: { model: daily, unit: user_id, day: day }
metrics:
  - { name: plays, kind: mean, column: plays${metrics} }
as_of: "{{ var('as_of') }}"`,
  'analytics/tap.yml': `
kind: experiment
exposures: { model: assigned, unit: user_id, arm: arm, time: at }
start: "{{ var('start', '2026-06-01') }}"
end: 2026-06-09
control: a
treatments: [b]
goals: [plays]
as_of: "{{ var('as_of') }}"
${experiment}`,
})

/** What a run does with the metrics, and why. */
describe('a set of metrics', () => {
  const database = useProjectDatabase()
  const step = async (files: Files, asOf: string, options: ProjectRunOptions = {}) => {
    const env = { DATABASE_URL: database.url }
    const { result, events } = await withProject(files, (root) =>
      runProject(root, database.connection, { env, vars: { as_of: asOf }, select: ['+product'], ...options }),
    )
    expect(result.problems).toEqual([])
    expect(result.published).toBe(true)
    const started = events.find((event) => event.type === 'run_started')
    const planned =
      started?.type === 'run_started'
        ? started.plan.steps.find(({ nodeId }) => nodeId.endsWith('.product'))
        : undefined
    return `${planned?.action}: ${planned?.reason}`
  }
  const lastDay = async () =>
    (await database.rows(unsafeSql('select max(day)::text as day from analytics.product')))[0]!['day']

  test('is brought up to date from day to day, and made anew when it means something else', async () => {
    expect(await step(project(''), '2026-06-05')).toBe('analyse: metrics, and not there yet')
    const before = await lastDay()
    expect(await step(project(''), '2026-06-06')).toBe('increment: metrics, and there already')
    expect(String(await lastDay()) > String(before)).toBe(true)
    expect(await step(project('decision: { power: 0.9 }'), '2026-06-07')).toMatch(/^increment/)
    expect(await step(project('crossovers: first_arm'), '2026-06-07')).toBe(
      'analyse: metrics, and they or the exposures of an experiment have changed',
    )
    expect(await step(project('crossovers: first_arm', ', cap: { upper: 9 }'), '2026-06-07')).toMatch(
      /^analyse/,
    )
    expect(
      await step(project('crossovers: first_arm', ', cap: { upper: 9 }'), '2026-06-07', {
        fullRefresh: true,
      }),
    ).toBe('analyse: metrics, full refresh')
  })
})
