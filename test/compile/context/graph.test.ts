import { expect, test } from 'vitest'
import { rendered } from './parse-project.ts'

/* What tools that walk `graph` read: the same keys and values as in dbt 1.12.3, where these were printed. */

const files = {
  'project.yml': 'name: demo\n',
  'macros/shout.sql': '{% macro shout(x) %}{{ x }}{% endmacro %}',
  'models/orders.sql': "{{ config(post_hook='select 1') }}\nselect {{ shout('1') }} as id, 2 as a, 3 as b",
  'models/pairs.sql': 'select 1 as a, 2 as b',
  'models/keyed.sql': 'select 1 as id',
  'models/inner.sql': "{{ config(materialized='ephemeral') }}\nselect 2 as id",
  'models/orders.yml': `
groups:
  - {name: finance, owner: {email: f@example.org}}
models:
  - name: orders
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - {name: a, data_tests: [unique]}
  - name: pairs
    data_tests: [{unique_combination_of_columns: {arguments: {combination_of_columns: [b, a]}}}]
  - name: keyed
    columns: [{name: id, constraints: [{type: primary_key}]}]
`,
  'macros/unique_pair.sql':
    '{% test unique_combination_of_columns(model, combination_of_columns) %}select 1 as x where false{% endtest %}',
}

const at = (id: string): string => `graph.nodes['${id}']`

test.each([
  [`{{ ${at('model.demo.orders')}.primary_key }}`, "['id']"],
  [`{{ ${at('model.demo.pairs')}.primary_key }}`, "['a', 'b']"],
  [`{{ ${at('model.demo.keyed')}.primary_key }}`, "['id']"],
  [`{{ ${at('model.demo.orders')}.depends_on.macros }}`, "['macro.demo.shout']"],
  [`{{ ${at('model.demo.orders')}.config['post-hook'] | length }}`, '1'],
  [`{{ ${at('model.demo.inner')}.relation_name }}`, 'None'],
  ["{{ graph.groups['group.demo.finance'].owner }}", "{'name': None, 'email': 'f@example.org'}"],
  ["{{ graph.groups['group.demo.finance'].original_file_path }}", 'models/orders.yml'],
  [
    "{% for t in graph.nodes.values() if t.resource_type == 'test' and t.name == 'unique_orders_id' %}{{ t.file_key_name }} {{ t.path }} {{ t.checksum.name }}{% endfor %}",
    'models.orders unique_orders_id.sql none',
  ],
])('%s', async (template, expected) => {
  expect(await rendered(template, files)).toBe(expected)
})
