import { expect, it } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const database = useProjectDatabase()

/** Its broker is nobody: a build never asks one. */
const files = {
  'project.yml': projectFile,
  'pipelines/clicks.yml': `
loads:
  - name: clicks
    kind: stream
    brokers: 127.0.0.1:1
    topics: clicks
    tables:
      - name: clicks
        schema: raw
        columns: [{ name: id, type: bigint }, { name: page, type: text }]
`,
  'models/s.yml': 'sources: [{ name: raw, tables: [{ name: clicks }] }]',
  'models/pages.sql': `
{{ config(materialized='incremental') }}
select id, page from {{ source('raw', 'clicks') }}
{% if is_incremental() %}where id > (select coalesce(max(id), 0) from {{ this }}){% endif %}`,
  'models/counted.sql': `
{{ config(materialized='table') }}
select page, count(*)::int as clicks from {{ ref('pages') }} group by page`,
}

it('stands up its tables, and leaves the rows that a reader writes to whoever runs it', async () => {
  await withProject(files, async (root) => {
    const run = async (options: ProjectRunOptions = {}) => {
      const done = await runProject(root, database.connection, {
        ...options,
        env: { DATABASE_URL: database.url },
      })
      expect(done.result).toMatchObject({ status: 'success', problems: [] })
      const [plan] = done.events.flatMap((event) => (event.type === 'run_started' ? [event.plan] : []))
      const actionOf = (name: string) => plan!.steps.find(({ nodeId }) => nodeId.endsWith(`.${name}`))?.action
      return { ...done, actionOf }
    }
    const counted = () => database.rows(sql`select page, clicks from analytics.counted order by page`)
    const oid = () => database.rows(sql`select 'raw.clicks'::regclass::oid::text as oid`)

    const first = await run()
    expect(first.node('clicks')).toMatchObject({
      status: 'success',
      message: expect.stringContaining('made'),
    })
    expect(await counted()).toEqual([])
    const made = await oid()

    // As a reader does, while nothing is built.
    await database.rows(sql`insert into raw.clicks (id, page) values (1, 'a'), (2, 'b'), (3, 'a')`)
    const second = await run()
    expect(second.actionOf('pages')).toBe('increment')
    expect(second.node('clicks').message).toBe('its tables are there')
    expect(await counted()).toEqual([
      { page: 'a', clicks: 2 },
      { page: 'b', clicks: 1 },
    ])

    // A full refresh makes models anew, not what came from the topic and cannot be had again.
    await database.rows(sql`insert into raw.clicks (id, page) values (4, 'b')`)
    const third = await run({ fullRefresh: true })
    expect(third.actionOf('pages')).toBe('build')
    expect(await counted()).toEqual([
      { page: 'a', clicks: 2 },
      { page: 'b', clicks: 2 },
    ])
    expect(await oid()).toEqual(made)
    expect(await database.rows(sql`select count(*)::int as n from raw.clicks`)).toEqual([{ n: 4 }])
  })
})
