import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

const yamlOf = (keys: string, url = `"{{ env_var('CRM_URL') }}"`) => `loads:
  - name: people
    kind: postgres
    url: ${url}
${keys
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
    tables:
      - name: people
        schema: raw
        primary_key: [id]
        columns: [{ name: id, type: bigint }, { name: at, type: timestamptz, from: updated }]
`

describe('loads from another Postgres', () => {
  it('name what they read and what tells new rows', async () => {
    const { loads } = await projectOf({
      'pipelines/a.yml': yamlOf('table: public.people\nmode: upsert\nwatermark: at\nlookback: 1 hour'),
    })
    expect(loads[0]!.spec).toMatchObject({
      kind: 'postgres',
      url: "{{ env_var('CRM_URL') }}",
      rowsOf: { table: { schema: 'public', identifier: 'people' } },
      columns: [
        { column: 'id', from: 'id' },
        { column: 'at', from: 'updated' },
      ],
      mode: 'upsert',
      key: ['id'],
      watermark: { column: 'at', lookback: '1 hour' },
      badRows: { onBadRow: 'fail' },
    })
  })

  it.each([
    ['mode: replace', "a load of kind postgres has either 'table' or 'query'"],
    ['table: a.b\nquery: select 1', "a load of kind postgres has either 'table' or 'query'"],
    ['table: people', "'table' must be 'schema.name'"],
    ['table: a.b\nmode: append', "'mode: append' needs a 'watermark'"],
    ['table: a.b\nwatermark: at', "'watermark' means nothing with 'mode: replace'"],
    ['table: a.b\nmode: append\nwatermark: att', "'watermark' names 'att', which is no column of 'people'"],
    ['table: a.b\nmode: upsert\nlookback: 1 hour', "'lookback' means nothing without 'watermark'"],
    [
      'table: a.b\nmode: append\nwatermark: at\nlookback: 1 hour',
      "'lookback' does not go with 'mode: append'",
    ],
    ['table: a.b\nkey: [id]', "'key' means nothing with 'mode: replace'"],
  ])('with %j are refused', async (keys, message) => {
    expect((await problemsOf({ 'pipelines/a.yml': yamlOf(keys) })).join('\n')).toContain(message)
  })

  it.each([
    ['postgresql://me:hunter2@db/crm'],
    ['postgresql://me:hun/ter2@db/crm'],
    ['postgresql://db/crm?password=hunter2'],
    [`"{{ env_var('CRM_URL', 'postgresql://me:hunter2@db/crm') }}"`],
    [`"postgresql://me:{{ var('hunter2') }}@db/crm"`],
  ])('take no password but from the environment: %s', async (url) => {
    const problems = await problemsOf({ 'pipelines/a.yml': yamlOf('table: a.b', url) })
    expect(problems.join('\n')).toContain("the password in 'url' must be {{ env_var('…') }}")
    expect(problems.join('\n')).not.toMatch(/hun\/?ter2/)
  })

  it.each([
    ['postgresql://me@db:5432/crm'],
    [`"postgresql://{{ env_var('U') }}:{{ env_var('P') }}@{{ env_var('H') }}/crm"`],
    [`"postgresql://me@db/crm?password={{ env_var('P') }}"`],
  ])('take an address without one, or with templates: %s', async (url) => {
    expect(await problemsOf({ 'pipelines/a.yml': yamlOf('table: a.b', url) })).toEqual([])
  })
})
