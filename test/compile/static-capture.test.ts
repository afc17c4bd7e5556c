import { describe, expect, it, test } from 'vitest'
import { compiled } from './context/parse-project.ts'

const raw = {
  'project.yml': 'name: demo\nvars: {limit: 5}\n',
  'models/raw.yml': 'sources:\n  - name: raw\n    tables: [{name: visits}, {name: orders}]\n',
  'models/first.sql': 'select 1 as id',
}
const twice =
  "select * from {{ source('raw', 'orders') }} union all select * from {{ source('raw', 'orders') }}"

async function callsOf(files: Readonly<Record<string, string>>, id: string) {
  const { manifest } = await compiled({ ...raw, ...files })
  const node = Object.values(manifest.nodes).find((one) => one.id === id)!
  return 'calls' in node ? node.calls : undefined
}

describe('sources that a file reads twice', () => {
  test.each([
    [
      'a plain model names once, its references as often as they are',
      `${twice} union all select * from {{ ref('first') }} union all select * from {{ ref('first') }}`,
      1,
    ],
    ['a model with a var names twice', `${twice} limit {{ var('limit') }}`, 2],
    ['a model that trims spaces names twice', `${twice} union all select * from {{- ref('first') }}`, 2],
    ['a model with a statement names twice', `{% set n = 1 %}${twice} limit {{ n }}`, 2],
  ])('%s', async (_, sql, times) => {
    const calls = await callsOf({ 'models/plain.sql': sql }, 'model.demo.plain')
    expect(calls?.sources ?? [['raw', 'orders']]).toHaveLength(times)
    if (times === 1) expect(calls?.refs).toHaveLength(2)
  })

  it('an analysis names twice', async () => {
    const calls = await callsOf({ 'analyses/looked.sql': twice }, 'analysis.demo.looked')
    expect(calls?.sources).toEqual([
      ['raw', 'orders'],
      ['raw', 'orders'],
    ])
  })
})

it('a materialization has its languages for an argument, and a macro its own', async () => {
  const macros = `{% materialization kept, default %}{{ return({'relations': []}) }}{% endmaterialization %}
{% materialization other, adapter='postgres', supported_languages=['sql', 'python'] %}{% endmaterialization %}
{% macro named(a, b=1) %}{% endmacro %}`
  const { manifest } = await compiled({ ...raw, 'macros/m.sql': macros })
  const told = Object.fromEntries(
    Object.values(manifest.macros)
      .filter(({ package: home }) => home === 'demo')
      .map(({ name, arguments: args, languages }) => [name, [args?.map((one) => one.name), languages]]),
  )
  expect(told).toEqual({
    materialization_kept_default: [['supported_languages'], ['sql']],
    materialization_other_postgres: [['supported_languages'], ['sql', 'python']],
    named: [['a', 'b'], undefined],
  })
})
