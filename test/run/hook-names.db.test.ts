import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

/*
 * Hooks write `{{ this.schema }}.audit`, which is there already, beside `{{ this }}`, which the run has just built.
 */

describe('names in hooks', () => {
  const database = useProjectDatabase()
  const run = (files: Files, publish: 'run' | 'node' = 'run') =>
    withProject({ 'project.yml': projectFile, ...files }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, publish }),
    )
  const values = async (query: SQLQuery) =>
    (await database.rows(query)).map((row) => Object.values(row).join(' '))

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
    await database.rows(sql`create schema analytics`)
    await database.rows(sql`create table analytics.audit (entry text, rows bigint)`)
  })

  const hooked = {
    'seeds/colours.csv': 'id,name\n1,red\n2,blue\n',
    'models/painted.sql': `{{ config(
  materialized='table',
  pre_hook="insert into {{ this.schema }}.audit values ('before {{ this }}', 0)",
  post_hook=[
    "alter table {{ this }} add column coats int",
    "update {{ this.schema }}.{{ this.name }} set coats = id",
    "insert into {{ this.schema }}.audit select '{{ this.schema }}.{{ this.identifier }}', count(*) from {{ this }}",
    "create index painted_id on \\"{{ this.schema }}\\".painted (id)",
    "comment on table {{ this.schema }}.painted is 'dry'"
  ]) }}
select * from {{ ref('colours') }}`,
    'models/framed.sql': "select sum(coats) as coats from {{ ref('painted') }}",
  }

  for (const publish of ['run', 'node'] as const)
    test(`mean what is published and what the run built, with publish: ${publish}`, async () => {
      for (const again of [false, true]) {
        const { result } = await run(hooked, publish)
        expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
        expect(await values(sql`select entry, rows from analytics.audit order by rows`)).toEqual(
          [0, 2].flatMap((rows) =>
            Array(again ? 2 : 1).fill(
              rows === 0
                ? `before "${database.connection.target.database}"."analytics"."painted" 0`
                : 'analytics.painted 2',
            ),
          ),
        )
        expect(await values(sql`select coats from analytics.framed`)).toEqual(['3'])
        expect(await values(sql`select indexname from pg_indexes where schemaname = 'analytics'`)).toEqual([
          'painted_id',
        ])
        expect(await values(sql`select obj_description('analytics.painted'::regclass)`)).toEqual(['dry'])
      }
    })

  test('mean the published table before it is built anew', async () => {
    const files = {
      'models/kept.sql': `{{ config(materialized='table',
  pre_hook="{% if load_relation(this) %}insert into {{ this.schema }}.audit select 'had', count(*) from {{ this }}{% endif %}") }}
select generate_series(1, 4) as id`,
    }
    await run(files)
    expect(await values(sql`select * from analytics.audit`)).toEqual([])
    await run(files)
    expect(await values(sql`select * from analytics.audit`)).toEqual(['had 4'])
  })
})
