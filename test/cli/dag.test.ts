import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const smallShop = join(import.meta.dirname, '..', 'projects', 'small-shop')
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'estimand-dags-'))
  cpSync(smallShop, root, { recursive: true })
  mkdirSync(join(root, 'dags'))
  const write = (name: string, text: string) => writeFileSync(join(root, 'dags', name), text)
  write(
    'nightly.yml',
    `description: Every night
schedule: "30 2 * * *"
timezone: Europe/Berlin
start_date: 2026-03-01
owners: data
retries: 2
steps:
  - seed
  - build: stg_orders+
  - { test: customers, needs: [seed] }
  - { export: customers, to: "out/{{ ds }}.csv", needs: [build, test] }
`,
  )
  write('after.yml', 'select: customers\ntriggers: { after: nightly }\n')
  write('broken.yml', 'select: customers\nschedule: whenever\n')
})
afterAll(() => rmSync(root, { recursive: true }))

async function dag(...args: string[]) {
  const surroundings = fakeSurroundings({
    workingDirectory: root,
    clock: () => new Date('2026-03-27T12:00:00Z'),
  })
  const code = await runCommandLine(['dag', ...args], surroundings)
  return { code, ...surroundings.written }
}

describe('estimand dag', () => {
  it('lists DAGs with their next run, and what is wrong with others', async () => {
    const { code, out, err } = await dag('list')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual(
      [
        'dag      schedule                   next run                 steps  owners  tags  file',
        'after    after nightly              -                            1                dags/after.yml',
        'nightly  30 2 * * *  Europe/Berlin  2026-03-28 02:30 CET         4  data          dags/nightly.yml',
        '',
      ].map((line) =>
        expect.stringMatching(
          new RegExp(`^${line.replace(/[.*+?()[\]]/g, '\\$&').replace(/ {2,}/g, ' +')}$`),
        ),
      ),
    )
    expect(err).toContain("dags/broken.yml:2:11  'whenever' is no cron expression")
    expect(JSON.parse((await dag('list', '--output', 'json')).out)).toMatchObject({
      dags: [
        { name: 'after', next: null },
        { name: 'nightly', next: '2026-03-28T01:30:00.000Z' },
      ],
      problems: [{ code: 'yaml-invalid' }],
    })
  })

  it('draws one', async () => {
    const { out } = await dag('show', 'nightly')
    expect(out).toContain(`
┌──────┐
│ seed │
└───┬──┘
    ├───────────┐
┌───┴───┐   ┌───┴──┐
│ build │   │ test │
└───┬───┘   └───┬──┘
    └─────┐     │
          ├─────┘
     ┌────┴───┐
     │ export │
     └────────┘
`)
    expect(out).toContain('export customers to out/{{ ds }}.csv')
    expect(out).toMatch(/next +2026-03-28 02:30 CET/)
    const { out: svg } = await dag('show', 'nightly', '--output', 'svg')
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[\s\S]*<\/svg>\n$/)
    expect(svg.match(/<rect/g)).toHaveLength(4)
    expect(svg.match(/<path/g)).toHaveLength(4)
  })

  it('tells when one fires, over the night in which clocks are put on', async () => {
    const { out } = await dag('next', 'nightly', '--count', '3', '--output', 'json')
    expect(JSON.parse(out).next).toEqual([
      {
        instant: '2026-03-28T01:30:00.000Z',
        interval: { start: '2026-03-27T01:30:00.000Z', end: '2026-03-28T01:30:00.000Z' },
      },
      {
        instant: '2026-03-29T01:00:00.000Z',
        interval: { start: '2026-03-28T01:30:00.000Z', end: '2026-03-29T01:00:00.000Z' },
      },
      {
        instant: '2026-03-30T00:30:00.000Z',
        interval: { start: '2026-03-29T01:00:00.000Z', end: '2026-03-30T00:30:00.000Z' },
      },
    ])
    // The first interval that begins on the first day ends on the second.
    const first = await dag('next', 'nightly', '--after', '2020-01-01', '--count', '1')
    expect(first.out).toMatch(/2026-03-02 02:30 CET +2026-03-02T01:30:00Z +2026-03-01 02:30 CET/)
    expect(await dag('next', 'after')).toMatchObject({ code: 2 })
  })

  it('checks that the project has what they name', async () => {
    expect(await dag('validate', 'nightly', 'after')).toMatchObject({
      code: 0,
      out: '2 DAGs, 5 steps: all in order\n',
    })
    const all = await dag('validate')
    expect(all.code).toBe(2)
    expect(all.err).toContain('dags/broken.yml:2:11')
    writeFileSync(
      join(root, 'dags', 'typo.yml'),
      `steps:
  - build: stg_ordres+
  - operation: grant_al
triggers: { new_data: [shop] }
`,
    )
    const { code, err } = await dag('validate', 'typo')
    rmSync(join(root, 'dags', 'typo.yml'))
    expect(code).toBe(2)
    expect(err).toContain("dags/typo.yml:2:12  selection 'stg_ordres+' matches no node")
    expect(err).toContain("dags/typo.yml:3:5  there is no macro 'grant_al'")
    expect(err).toContain("dags/typo.yml:1:1  the trigger names a source 'shop' that there is not")
  })

  it('refuses to follow a source whose schema or table has another name', async () => {
    const sources = join(root, 'models', 'renamed_sources.yml')
    const waiting = join(root, 'dags', 'waiting.yml')
    writeFileSync(
      sources,
      `sources:
  - { name: bank, schema: raw_bank, tables: [{ name: payments }] }
  - { name: till, tables: [{ name: receipts }, { name: coins, identifier: raw_coins }] }
`,
    )
    const told = async (name: string) => {
      writeFileSync(waiting, `select: customers\ntriggers: { new_data: [${name}] }\n`)
      const { code, err } = await dag('validate', 'waiting')
      const words = `the trigger cannot follow source '${name}'`
      const shown = await dag('show', 'waiting')
      expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('new data of') })
      expect(shown.err.includes(words)).toBe(code !== 0)
      return { code, isRefused: err.includes(words) }
    }
    for (const name of ['bank', 'bank.payments', 'till.coins'])
      expect(await told(name), name).toEqual({ code: 2, isRefused: true })
    for (const name of ['till', 'till.receipts'])
      expect(await told(name), name).toEqual({ code: 0, isRefused: false })
    rmSync(sources)
    rmSync(waiting)
  })

  it('knows what was meant', async () => {
    const { code, err } = await dag('show', 'nigthly')
    expect(code).toBe(2)
    expect(err).toContain("there is no DAG 'nigthly'   [dag-unknown]\n  did you mean 'nightly'?")
    // One whose file is wrong says what is wrong with it.
    expect((await dag('show', 'broken')).err).toContain('whenever')
  })
})
