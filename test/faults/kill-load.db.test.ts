import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { buildIfStale, runEstimand, startEstimand } from '../cli/spawn-estimand.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { useProjectDatabase } from '../run/run-project.ts'
import { expectSuccess, untilQuiet } from './lane.ts'
import { amount, seeded, tell } from './seeded.ts'
import { kill } from './use-lane.ts'

/*
 * A command that loads files is killed at any time, with a new file each time. Whatever is published holds each of its
 * files as a whole and once, as the ledger says, with their bad rows; in the end all files are there.
 */

const database = useProjectDatabase()
const counts = { killed: 0, published: 0 }

beforeAll(buildIfStale)
afterAll(() => tell(`loads killed at ${counts.killed} times, after the publication at ${counts.published}`))

const rowsPerFile = 20_000
const badPerFile = 20

/** Rows of a file; every thousandth has no number. */
function fileOf(index: number): string {
  const lines = Array.from({ length: rowsPerFile }, (_, row) =>
    row % (rowsPerFile / badPerFile) === 7
      ? `none,"row ${row}"`
      : `${index * rowsPerFile + row},"the words of\nrow ${row}"`,
  )
  return `id,words\n${lines.join('\n')}\n`
}

const files = {
  'project.yml': projectFile,
  'pipelines/t.yml': `
loads:
  - name: t
    kind: files
    from: data/*.csv
    mode: append
    tables:
      - name: t
        schema: raw
        columns: [{ name: id, type: int }, { name: words, type: text }]
`,
}

async function isThere(name: string): Promise<boolean> {
  const [row] = await database.rows(sql`select to_regclass(${name}) is not null as there`)
  return row!['there'] === true
}

/** How many files are published; fails where one is there in part, twice, or other than the ledger says. */
async function checked(): Promise<number> {
  if (!(await isThere('raw.t'))) return 0
  const [held] = await database.rows(sql`
    select
      (select count(*)::int from raw.t) as rows,
      (select count(distinct id)::int from raw.t) as keys,
      (select count(*)::int from raw.t__bad_rows) as bad,
      count(*)::int as files,
      sum(row_count)::int as noted,
      sum(bad_row_count)::int as noted_bad
    from estimand.loaded_files`)
  const count = held!['files'] as number
  const good = count * (rowsPerFile - badPerFile)
  expect(held).toEqual({
    ...{ rows: good, keys: good, noted: good, files: count },
    ...{ bad: count * badPerFile, noted_bad: count * badPerFile },
  })
  return count
}

test('killed at any time, a load has published whole files, each once', async () => {
  const random = seeded(60)
  const environment = { DATABASE_URL: database.url }
  await withProject(files, async (root) => {
    mkdirSync(join(root, 'data'))
    const load = ['load', '--no-write-json', '--wait-timeout', '30']
    const write = (index: number) => writeFileSync(join(root, `data/${index}.csv`), fileOf(index))
    write(0)
    expectSuccess(await runEstimand(root, load, environment))
    write(1)
    const from = performance.now()
    expectSuccess(await runEstimand(root, load, environment))
    const runMs = performance.now() - from
    let before = await checked()
    expect(before).toBe(2)
    const times = amount(5, 60)
    for (let index = 0; index < times; index++) {
      write(2 + index)
      const started = startEstimand(root, load, environment)
      await Promise.race([sleep(runMs * (0.3 + (1.2 * (index + random.uniform())) / times)), started.ended])
      await kill(started)
      await untilQuiet(() => database.rows(busySessions))
      const after = await checked()
      expect(after).toBeGreaterThanOrEqual(before)
      counts.killed++
      if (after > before) counts.published++
      before = after
    }
    expectSuccess(await runEstimand(root, load, environment))
    expect(await checked()).toBe(2 + times)
  })
}, 7_200_000)

/** Those of the command: the tests have one of their own. */
const busySessions = sql`
  select pid, state, wait_event, state_change, left(query, 100) as query
  from pg_catalog.pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and application_name <> 'estimand test'
  order by pid`
