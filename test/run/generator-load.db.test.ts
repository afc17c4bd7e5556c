import { describe, expect, it } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

const database = useProjectDatabase()

/** A generator of two tables, with what it does in each row of each partition. */
const filesOf = (row: string) => ({
  'project.yml': projectFile,
  'pipelines/made.yml': `
loads:
  - name: made
    kind: generator
    module: made.ts
    tables:
      - name: words
        schema: raw
        primary_key: [id]
        columns: [{ name: id, type: bigint }, { name: word, type: text }, { name: n, type: int }]
      - name: parts
        schema: raw
        columns: [{ name: part, type: int }]
`,
  'pipelines/made.ts': `
import { defineGenerator, encodeTexts } from 'estimand'

const label = encodeTexts(['label'])

export default defineGenerator({
  expectedRows: () => 60_000,
  partitions: () => Array.from({ length: 6 }, (_, part) => ({ part })),
  *generate({ part }, { tables }) {
    const words = tables['raw.words']
    tables['raw.parts'].startRow()
    tables['raw.parts'].int4(part)
    for (let n = 0; n < 10_000; n++) {
      words.startRow()
      ${row}
      yield
    }
  },
})
`,
})

const usual =
  "words.int8(part * 10_000 + n); if (n % 3 === 0) words.texts(label); else words.text('w'.repeat(n % 3000 === 1 ? 300_000 : 40)); words.int4(n)"

/** What a load may have left behind. */
const left = sql`
  select
    (select count(*)::int from pg_stat_activity where application_name = 'estimand load' and datname = current_database()) as connections,
    (select count(*)::int from pg_namespace where nspname like 'estimand_build%') as schemas`

describe('a generator', () => {
  it('fills its tables with every row once, with keys and statistics, ready to be read', async () => {
    await withProject(filesOf(usual), async (root) => {
      const { result, node } = await runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
      })
      expect(result.problems).toEqual([])
      expect(node('made').rows).toBe(60_006)
    })
    const words = sql`
      select count(*)::int as rows, count(distinct id)::int as ids, sum(n)::int as sum, count(*) filter (where word = 'label')::int as labels,
        count(*) filter (where word = repeat('w', 300000))::int as long, count(*) filter (where word = repeat('w', 40))::int as short
      from raw.words`
    expect(await database.rows(words)).toEqual([
      { rows: 60_000, ids: 60_000, sum: 6 * 49_995_000, labels: 6 * 3334, long: 6 * 4, short: 6 * 6662 },
    ])
    expect(await database.rows(sql`select part from raw.parts order by 1`)).toEqual(
      [0, 1, 2, 3, 4, 5].map((part) => ({ part })),
    )
    // All pages with rows are known to hold nothing but rows that everybody sees, without a vacuum.
    const state = sql`
      select reltuples::int as rows,
        relallvisible = (select count(distinct (ctid::text::point)[0]) from raw.words) as is_frozen,
        (select count(*)::int from pg_index where indisprimary and indrelid = c.oid) as keys
      from pg_class c where oid = 'raw.words'::regclass`
    expect(await database.rows(state)).toEqual([{ rows: 60_000, is_frozen: true, keys: 1 }])
  })

  it('says in what it asks of the server for which node it is', async () => {
    await database.rows(sql`drop schema if exists raw cascade`)
    await database.rows(sql`create table public.asked (statement text)`)
    await database.rows(sql`
      create function public.note() returns event_trigger language plpgsql as
      $$ begin insert into public.asked values (current_query()); end $$`)
    await database.rows(sql`
      create event trigger noting on ddl_command_end when tag in ('ALTER TABLE') execute function public.note()`)
    await withProject(filesOf(usual), (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
    )
    await database.rows(sql`drop event trigger noting`)
    const [key] = await database.rows(sql`select statement from public.asked where statement ~ 'primary key'`)
    expect(key?.['statement']).toContain('"node_id": "load.shop.made"')
  })

  it.each([
    ['its code', "if (part === 3 && n === 9_000) throw new Error('out of words')", 'out of words'],
    [
      'a null in its key',
      'if (part === 3 && n === 9_000) { words.null(); words.null(); words.null(); continue }',
      'null value in column "id"',
    ],
  ])('that fails by %s leaves what was there', async (_, failure, told) => {
    await database.rows(sql`drop schema if exists raw cascade`)
    await database.rows(sql`create schema raw`)
    await database.rows(sql`create table raw.words as select 7 as id`)
    await withProject(filesOf(`${failure}\n${usual}`), async (root) => {
      const { result, node } = await runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
      })
      expect(result.status).not.toBe('success')
      expect(node('made').problem?.message).toContain(told)
    })
    expect(await database.rows(sql`select id from raw.words`)).toEqual([{ id: 7 }])
    expect(await database.rows(left)).toEqual([{ connections: 0, schemas: 0 }])
  })

  it('that is cancelled ends, and leaves what was there', async () => {
    await database.rows(sql`drop schema if exists raw cascade`)
    await database.rows(sql`create schema raw`)
    await database.rows(sql`create table raw.words as select 7 as id`)
    const cancel = new AbortController()
    // The last partition has no end.
    await withProject(filesOf(`if (part === 5) n = 0\n${usual}`), async (root) => {
      const { result, node } = await runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
        signal: cancel.signal,
        onEvent: (event) => event.type === 'node_progress' && cancel.abort(),
      })
      expect(result.status).toBe('cancelled')
      expect(node('made').problem?.code).toBe('cancelled')
    })
    expect(await database.rows(sql`select id from raw.words`)).toEqual([{ id: 7 }])
    expect(await database.rows(left)).toEqual([{ connections: 0, schemas: 0 }])
  })
})
