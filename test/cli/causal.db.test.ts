import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { runProject, useProjectDatabase } from '../run/run-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const files = {
  'project.yml': projectFile,
  'models/users.sql': 'select * from raw.users',
  'analytics/gain.yml': `
kind: causal
question: Does it help?
units: { model: users, unit: id }
treatment: used
outcomes: [{ column: spend, claim: { value: 4, by: sales } }, visits]
graph: [age -> used, age -> spend, age -> visits, used -> spend, used -> visits]
estimand: [ate, att]
estimators: [regression_adjustment, aipw]
refuters: [{ refuter: placebo_treatment, simulations: 40 }]
truth:
  units:
    table: outcomes
    unit: id
    propensity: e
    outcomes:
      spend: { without: cents_without, with: cents_with, scale: 0.01 }
      visits: { without: never, with: ever }
as_of: '2026-01-01'`,
  'analytics/later.yml': `
kind: causal
units: { model: users, unit: id }
treatment: used
outcome: spend
covariates: [age]
as_of: '2026-01-01'`,
  'analytics/z_cut.yml': `
kind: discontinuity
units: { model: users }
running: age
cutoff: 0
treatment: used
outcome: spend
as_of: '2026-01-01'`,
}

describe('estimand causal', () => {
  const database = useProjectDatabase()
  const told = (...args: readonly string[]) =>
    withProject(files, async (root) => {
      const environment = { DATABASE_URL: database.url, LANG: 'C.UTF-8' }
      const surroundings = fakeSurroundings({ workingDirectory: root, environment, clock: () => new Date() })
      const code = await runCommandLine(args, surroundings)
      const place = args.indexOf('--to')
      const file = place < 0 ? '' : join(root, args[place + 1]!)
      return {
        code,
        ...surroundings.written,
        file: file !== '' && existsSync(file) ? readFileSync(file, 'utf8') : '',
      }
    })

  beforeAll(async () => {
    await database.rows(sql`create schema raw`)
    await database.rows(sql`create schema truth`)
    await database.rows(sql`
      create table truth.outcomes as
      select id, age, e, (1000 + 100 * age + 50 * noise)::int as cents_without,
        (1200 + 100 * age + 50 * noise)::int as cents_with, false as never, id % 4 = 0 as ever, draw < e as used
      from (
        select id, (id * 7919 % 1000) / 500.0 - 1 as age, 1 / (1 + exp(1 - (id * 7919 % 1000) / 500.0)) as e,
          (id * 31 % 101) / 50.5 - 1 as noise, (id * 104729 % 997) / 997.0 as draw
        from generate_series(1, 4000) as id
      ) as drawn`)
    await database.rows(sql`
      create table raw.users as
      select id, age, used, case when used then cents_with else cents_without end / 100.0 as spend,
        (case when used then ever else never end)::int as visits
      from truth.outcomes`)
    const { result } = await withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, select: ['+gain'] }),
    )
    expect(result.problems).toEqual([])
  })

  it('lists what is built and what is not', async () => {
    const { code, out } = await told('causal', 'list')
    expect(code).toBe(0)
    const [, spend, visits, later] = out.split('\n').map((line) => line.replace(/ {2,}/g, '  '))
    expect(spend).toMatch(/^gain {2}2026-01-01 {2}spend {2}\+\d\.\d+ {2}\+[12](\.\d+)? .*1 passed {2}effect$/)
    expect(visits).toMatch(/^ {2}visits {2}/)
    expect(later).toMatch(/^later {2}not built/)
  })

  it('shows the verdict, every estimate and the truth of each outcome', async () => {
    const { code, out } = await told('causal', 'show', 'gain')
    expect(code).toBe(0)
    expect(out).toMatch(/Sales's 4 overstates the effect by \d+ %/)
    expect(out).toMatch(/Estimates of the effect on visits \(4,000 units, [\d,]+ treated\)/)
    expect(out).toMatch(/aipw {2,}ate .* \+2\n/)
    const { out: text } = await told('causal', 'show', 'gain', '--output', 'json')
    const { estimates } = JSON.parse(text)
    const truthOf = (outcome: string, estimand: string) =>
      estimates.find(
        (row: { outcome: string; estimand: string }) => row.outcome === outcome && row.estimand === estimand,
      ).truth
    expect(truthOf('spend', 'ate')).toBeCloseTo(2, 10)
    expect(truthOf('spend', 'association')).toBeNull()
    const [known] = (await database.rows(sql`
      select avg(ever::int)::float8 as ate, (avg(ever::int) filter (where used))::float8 as att from truth.outcomes`)) as {
      ate: number
      att: number
    }[]
    expect(truthOf('visits', 'ate')).toBeCloseTo(known!.ate, 10)
    expect(truthOf('visits', 'att')).toBeCloseTo(known!.att, 10)
  })

  it('writes the memo, with the truth beside, and draws the graph as the file is called', async () => {
    const memo = await told('causal', 'memo', 'gain')
    expect(memo.code).toBe(0)
    expect(memo.out).toMatch(/## Beside the truth[\s\S]*\| visits \|/)
    expect((await told('causal', 'memo', 'gain', '--to', 'memo.html')).file).toMatch(
      /<svg[\s\S]*Beside the truth/,
    )
    expect((await told('causal', 'graph', 'gain')).out).toMatch(/^<svg/)
    expect((await told('causal', 'graph', 'gain', '--to', 'graph.svg')).file).toMatch(/^<svg/)
    for (const ending of ['dot', 'gv'])
      expect((await told('causal', 'graph', 'gain', '--to', `graph.${ending}`)).file).toMatch(
        /^digraph \{[\s\S]*"age" -> "used";/,
      )
    expect(JSON.parse((await told('causal', 'graph', 'gain', '--to', 'graph.json')).file).treatment).toBe(
      'used',
    )
    expect((await told('causal', 'graph', 'gain', '--to', 'graph.txt', '--output', 'dot')).file).toMatch(
      /^digraph/,
    )
  })

  it('refuses what it cannot write, and names that are none', async () => {
    const unknown = await told('causal', 'graph', 'gain', '--to', 'graph.png')
    expect([unknown.code, unknown.file]).toEqual([2, ''])
    expect(unknown.err).toMatch(/graph\.png does not say by its ending what it is to hold/)
    for (const verb of ['show', 'memo', 'graph']) {
      const { code, err } = await told('causal', verb, 'gains')
      expect(code).toBe(2)
      expect(err).toMatch(/there is no causal question 'gains'[\s\S]*did you mean 'gain'/)
    }
    const later = await told('causal', 'memo', 'later')
    expect(later.code).toBe(2)
    expect(later.err).toMatch(/'later' has no memo yet/)
    expect((await told('causal', 'show', 'later')).out).toMatch(/build it: estimand build --select \+later/)
  })

  it('audits every outcome against what the generator wrote, whatever the number of threads', async () => {
    const audit = (threads: number) =>
      told('audit', 'gain', ...['--replications', '10', '--units', '300', '--threads', String(threads)])
    const [one, two] = [await audit(1), await audit(2)]
    expect(one.code).toBe(0)
    expect(one.out).toMatch(
      /Audit of gain: 300 units, 10 replications, seed 1\nThe truth is what the generator wrote\./,
    )
    expect(one.out).toMatch(/visits {2,}ate {2,}aipw {2,}0\.25 /)
    expect(one.out).toMatch(/spend {2,}association {2,}naive difference {2,}2 {2,}0\.\d+ ± /)
    expect(two.out).toBe(one.out)
  })

  it('says of which questions there is no audit', async () => {
    const { code, out, file } = await told('audit', 'z_cut', '--to', 'report.md')
    expect(code).toBe(0)
    for (const text of [out, file])
      expect(text).toContain('z_cut is not audited: there is no audit for kind: discontinuity')
  })
})
