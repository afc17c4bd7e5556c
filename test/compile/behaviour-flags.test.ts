import { describe, expect, it } from 'vitest'
import { compiled } from './context/parse-project.ts'

const shop = {
  'packages.yml': 'packages: [{local: shop}]',
  'shop/dbt_project.yml': 'name: shop\n',
}
const project = (flags: string) => `name: demo\nflags: ${flags}\n`

describe('a name that the project and a package both have', () => {
  const files = (flags: string) => ({
    ...shop,
    'dbt_project.yml': project(flags),
    'models/orders.sql': '{{ config(alias="own") }} select 1 as id',
    'shop/models/orders.sql': '{{ config(alias="theirs") }} select 2 as id',
    'shop/models/reader.sql': "select * from {{ ref('orders') }}",
  })
  const readBy = async (flags: string) =>
    (await compiled(files(flags))).manifest.nodes['model.shop.reader']!.dependsOn

  it('means the project’s, or for a package its own where a flag says so', async () => {
    expect(await readBy('{}')).toEqual(['model.demo.orders'])
    expect(await readBy('{require_ref_searches_node_package_before_root: true}')).toEqual([
      'model.shop.orders',
    ])
  })
})

describe('a materialization of a package', () => {
  const files = (flags: string, more: Record<string, string> = {}) => ({
    ...shop,
    'dbt_project.yml': project(flags),
    'models/v.sql': '{{ config(materialized="view") }} select 1 as id',
    'models/o.sql': '{{ config(materialized="other") }} select 1 as id',
    'shop/macros/m.sql': `
{% materialization view, default %}{{ return({'relations': []}) }}{% endmaterialization %}
{% materialization other, default %}{{ return({'relations': []}) }}{% endmaterialization %}`,
    ...more,
  })
  const materialized = async (flags: string, more = {}) => {
    const { nodes } = (await compiled(files(flags, more))).manifest
    return ['v', 'o'].map((name) => {
      const node = nodes[`model.demo.${name}`]!
      return node.resourceType === 'model' && node.materialized
    })
  }

  it('takes the place of one that dbt has only where a flag says so, or the project has it itself', async () => {
    expect(await materialized('{}')).toEqual(['view', 'custom'])
    const flag = 'require_explicit_package_overrides_for_builtin_materializations'
    expect(await materialized(`{${flag}: false}`)).toEqual(['custom', 'custom'])
    const own = {
      'macros/m.sql':
        '{% materialization view, default %}{{ return(shop.materialization_view_default()) }}{% endmaterialization %}',
    }
    expect(await materialized('{}', own)).toEqual(['custom', 'custom'])
  })
})
