import { beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { runProject, useProjectDatabase } from '../run/run-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const files = {
  'project.yml': projectFile,
  'models/units.sql': `{{ config(materialized='table') }}
select id, case when id % 2 = 0 then 'a' else 'b' end as arm, id % 7 + (id % 2) as score,
       case when id % 3 = 0 then 'de' else 'fr' end as country
from generate_series(1, 4000) as id`,
  'analytics/checkout.yml': `
kind: experiment
question: Does it help?
units: { model: units, unit: id, arm: arm }
control: a
treatments: [b]
goals: [score]
metrics: [{ name: score, kind: mean, column: score }]
segments: [country]
as_of: "{{ var('today', '2026-01-01') }}"`,
  'analytics/later.yml': `
kind: experiment
units: { model: units, unit: id, arm: arm }
control: a
treatments: [b]
metrics: [{ name: score, kind: mean, column: score }]
as_of: '2026-01-01'`,
}

describe('estimand experiment', () => {
  const database = useProjectDatabase()
  const saidIn = (project: Files, ...args: readonly string[]) =>
    withProject(project, async (root) => {
      const environment = { DATABASE_URL: database.url, LANG: 'C.UTF-8' }
      const surroundings = fakeSurroundings({ workingDirectory: root, environment, clock: () => new Date() })
      const code = await runCommandLine(args, surroundings)
      return { code, ...surroundings.written }
    })
  const said = (...args: readonly string[]) => saidIn(files, ...args)
  const told = (...args: readonly string[]) => said('experiment', ...args)

  beforeAll(async () => {
    await withProject(files, (root) =>
      runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
        select: ['+checkout'],
        vars: { today: '2026-02-01' },
      }),
    )
  })

  it('lists what is built and what is not', async () => {
    const { code, out } = await told('list')
    expect(code).toBe(0)
    const [, checkout, later] = out.split('\n').map((line) => line.replace(/ {2,}/g, '  '))
    expect(checkout).toMatch(/^checkout {2}no dates {2}2026-02-01 {2}a, b {2}4,000 {2}.*score \+\d/)
    expect(later).toBe('later  not built  never  a, b')
  })

  it('tells of one over exposures whether it runs, and what was decided', async () => {
    const over: Files = {
      ...files,
      'models/daily.sql': `{{ config(materialized='table') }}
select id as user_id, date '2026-06-01' + d as day, id % 5 + d + (id % 2) * 3 as plays
from generate_series(1, 4000) as id, generate_series(0, 9) as d`,
      'models/assigned.sql': `{{ config(materialized='table') }}
select id as user_id, case when id % 2 = 0 then 'a' else 'b' end as arm, timestamptz '2026-06-02 00:00Z' as at
from generate_series(1, 4000) as id`,
      'analytics/product.yml': `
kind: metrics
from: { model: daily, unit: user_id, day: day }
metrics: [{ name: plays, kind: mean, column: plays }]
as_of: 2026-06-08`,
      'analytics/tap.yml': `
kind: experiment
question: Does a tap help?
exposures: { model: assigned, unit: user_id, arm: arm, time: at }
start: 2026-06-01
end: 2026-06-11
control: a
treatments: [b]
goals: [plays]
decision: {}
as_of: 2026-06-08`,
    }
    await withProject(over, async (root) => {
      const env = { DATABASE_URL: database.url }
      const { result } = await runProject(root, database.connection, { env, select: ['+tap'] })
      expect(result.published).toBe(true)
    })
    const { out: list } = await saidIn(over, 'experiment', 'list')
    expect(list.replace(/ {2,}/g, '  ')).toMatch(
      /^tap {2}running, day 7 of 10 {2}2026-06-08 {2}a, b {2}4,000 {2}.*plays \+\d.*(ship|keep running)$/m,
    )
    const { out } = await saidIn(over, 'experiment', 'show', 'tap')
    expect(out).toMatch(/^running, day 7 of 10 · 2026-06-01 to 2026-06-11 · as of 2026-06-08$/m)
    expect(out).toMatch(/^plays +goal +relative lift +\+\d/m)
    expect(out).toMatch(/^Decision\n +b: \w+/m)
  })

  it('shows one for people and for programs', async () => {
    const { out } = await told('show', 'checkout', '--segments')
    expect(out).toContain('Experiment checkout: Does it help?')
    expect(out).toMatch(/country de +score +goal +relative lift +\+\d.*●/)
    const { out: json } = await told('show', 'checkout', '--output', 'json')
    const standing = JSON.parse(json)
    expect(standing).toMatchObject({
      status: 'undated',
      as_of: '2026-02-01T00:00:00Z',
      arms: [
        { arm: 'a', role: 'control', weight: 0.5, units: 2000 },
        { arm: 'b', role: 'treatment', weight: 0.5, units: 2000 },
      ],
    })
    expect(standing.estimates.every((row: { segment_name: unknown }) => row.segment_name === null)).toBe(true)
    const lift = standing.estimates.find((row: { method: string }) => row.method === 'difference_in_means')
    const [row] = await database.rows(
      sql`select estimate from analytics.checkout where segment_name is null and method = 'difference_in_means'`,
    )
    expect(lift.estimate).toBe(row!['estimate'])
  })

  it('prints the memo that the run wrote, or writes it as a page', async () => {
    const { code, out } = await told('memo', 'checkout')
    expect(code).toBe(0)
    expect(out).toMatch(/^# Does it help\?\n/)
    expect(out).toMatch(/\| score \| goal \| mean \| higher \|/)
    const { out: page } = await told('memo', 'checkout', '--format', 'html')
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).toContain('<svg ')
    const later = await told('memo', 'later')
    expect(later.code).not.toBe(0)
    expect(later.err).toContain("'later' has no memo yet")
    expect(later.err).toContain('estimand build --select +later')
  })

  it('knows no other', async () => {
    const { code, err } = await told('show', 'chekout')
    expect(code).not.toBe(0)
    expect(err).toContain("did you mean 'checkout'?")
  })

  describe('audited', () => {
    it('tells bias, coverage and false positives, the same for the same seed', async () => {
      const flags = ['--replications', '60', '--units', '400', '--seed', '3']
      const { code, out } = await said('audit', 'checkout', ...flags)
      expect(code).toBe(0)
      expect(out).toContain('Audit of checkout: 400 units, 60 replications, seed 3')
      expect(out).toMatch(/score +difference in means +absolute .*%/)
      expect(out).toContain('A true lift of +5.0 %')
      expect((await said('audit', 'checkout', ...flags)).out).toBe(out)
    })

    it('knows the truth that it put in, as JSON', async () => {
      const flags = ['--replications', '200', '--units', '1000', '--lift', '0.2', '--output', 'json']
      const { out } = await said('audit', 'checkout', '--method', 'relative_lift', ...flags)
      const [audit] = JSON.parse(out).audits
      expect(audit.methods.map((row: { method: string; lift: number }) => [row.method, row.lift])).toEqual([
        ['relative_lift', 0],
        ['relative_lift', 0.2],
      ])
      for (const { coverage, bias, truth, lift } of audit.methods) {
        expect(truth).toBe(lift)
        expect(Math.abs(coverage.value - 0.95)).toBeLessThan(4 * coverage.error)
        expect(Math.abs(bias.value)).toBeLessThan(4 * bias.error)
      }
      expect(audit.methods[1].rejection.value).toBeGreaterThan(0.9)
    })

    it('says why a method has no rows, instead of printing none', async () => {
      const flags = ['--replications', '10', '--units', '100']
      const none = await said('audit', 'checkout', '--method', 'relative_lift', 'partial_pooling', ...flags)
      expect([none.code, none.out]).toEqual([2, ''])
      expect(none.err).toMatch(
        /'partial_pooling' is not audited on checkout: units are drawn without their segments; estimand audit --simulated segmented/,
      )
      const uncovered = await said('audit', 'checkout', '--method', 'cuped', ...flags)
      expect(uncovered.code).toBe(2)
      expect(uncovered.err).toContain("'cuped' is not audited on checkout: no metric of the experiment has")
      const simulated = await said('audit', '--simulated', 'ordinary', '--method', 'cuped', ...flags)
      expect(simulated.code).toBe(2)
      expect(simulated.err).toContain('a design has its own methods')
    })

    it('refuses what it cannot do', async () => {
      expect((await said('audit', 'chekout')).err).toContain("did you mean 'checkout'?")
      const wrong = await said('audit', 'checkout', '--method', 'cupid')
      expect(wrong.code).toBe(2)
      expect(wrong.err).toContain("there is no method 'cupid'")
      expect((await said('audit', 'checkout', '--lift', '0')).code).toBe(2)
    })
  })
})
