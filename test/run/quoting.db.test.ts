import { describe, expect, it } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { compileProject, runProject, useProjectDatabase } from './run-project.ts'

describe('names without quotes', () => {
  const database = useProjectDatabase()
  const env = () => ({ DATABASE_URL: database.url })
  const connection = () => ({
    ...database.connection,
    target: { ...database.connection.target, schema: 'Marts' },
  })

  async function built(files: Files, quoting: string) {
    await database.rows(sql`drop schema if exists "Marts", marts cascade`)
    const project = {
      'project.yml': `${projectFile}${quoting}`,
      ...files,
    }
    return withProject(project, async (root) => {
      const { result } = await runProject(root, connection(), { env: env() })
      expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
      const again = await runProject(root, connection(), { env: env() })
      expect(again.result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
      return compileProject(root, connection(), { env: env() })
    })
  }
  const standing = async () =>
    (
      await database.rows(sql`
        select schemaname || '.' || relname as name
        from (
          select schemaname, tablename as relname from pg_tables
          union all
          select schemaname, viewname from pg_views
        ) as relations
        where lower(schemaname) like 'marts%'
        order by 1`)
    ).map(({ name }) => name)
  const text = async (relation: ReturnType<typeof sql>) =>
    (await database.rows(sql`select t from ${relation}`))[0]!['t']

  const files = {
    'models/MyModel.sql': 'select 1 as id',
    'models/reader.sql': `
{%- set by_name = adapter.get_relation(this.database, this.schema, 'MyModel') -%}
{%- set by_ref = load_relation(ref('MyModel')) -%}
select '{{ by_name.identifier }} {{ by_ref.identifier }} {{ ref('MyModel').include(database=false) }}' as t, id
from {{ ref('MyModel') }}`,
    'models/Growing.sql': `
{{ config(materialized='incremental', unique_key='id') }}
select {% if is_incremental() %} max(id) + 1 as id from {{ this }} {% else %} 1 as id {% endif %}`,
    'models/Odd.sql': `{{ config(alias='odd-name') }} select '{{ this.include(database=false) }}' as t`,
    'seeds/MySeed.csv': 'id,Name\n1,a\n',
    'snapshots/History.sql':
      "{% snapshot History %}{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='Marts') }} select * from {{ ref('MySeed') }}{% endsnapshot %}",
  }

  it('are what Postgres makes of them, for everything that builds and reads them', async () => {
    await built(files, 'quoting: {database: false, schema: false, identifier: false}')
    expect(await standing()).toEqual([
      'marts.growing',
      'marts.history',
      'marts.mymodel',
      'marts.myseed',
      'marts.odd-name',
      'marts.reader',
    ])
    expect(await text(sql`marts.reader`)).toBe('mymodel mymodel marts.mymodel')
    // A name that cannot stand without quotes keeps them.
    expect(await text(sql`marts."odd-name"`)).toBe('marts."odd-name"')
    expect(await database.rows(sql`select id from marts.growing order by id`)).toEqual([{ id: 1 }, { id: 2 }])
  })

  it('may be some of the parts only, and stay as written where nothing is said', async () => {
    const one = { 'models/MyModel.sql': "select '{{ this.include(database=false) }}' as t" }
    await built(one, 'quoting: {identifier: false}')
    expect(await standing()).toEqual(['Marts.mymodel'])
    expect(await text(sql`"Marts".mymodel`)).toBe('"Marts".mymodel')
    await built(one, '')
    expect(await standing()).toEqual(['Marts.MyModel'])
  })

  it('of sources are what their own YAML says', async () => {
    await database.rows(sql`create table if not exists public.rawdata as select 1 as id`)
    const source = (quoting: string) => ({
      'models/s.yml': `
sources:
  - name: raw
    schema: Public
    ${quoting}
    tables:
      - { name: RawData }
      - { name: named, identifier: rawdata, quoting: { identifier: true } }
`,
      'models/reader.sql':
        "select '{{ source('raw', 'RawData').include(database=false) }} {{ source('raw', 'named').include(database=false) }}' as t, id from {{ source('raw', 'RawData') }}",
    })
    const { manifest } = await built(
      source('quoting: { schema: false, identifier: false }'),
      'quoting: {identifier: true}',
    )
    expect(await text(sql`"Marts".reader`)).toBe('public.rawdata public."rawdata"')
    expect(manifest.nodes['source.shop.raw.RawData']).toMatchObject({
      relation: { schema: 'public', identifier: 'rawdata' },
    })
    const unquoted = withProject(
      {
        'project.yml': `${projectFile}quoting: {schema: false, identifier: false}`,
        ...source(''),
      },
      (root) => compileProject(root, connection(), { env: env() }),
    )
    // What the project says of its own relations is nothing to a source.
    expect((await unquoted).manifest.nodes['source.shop.raw.RawData']).toMatchObject({
      relation: { schema: 'Public', identifier: 'RawData' },
    })
  })
})
