import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

/*
 * Macros by which dbt shows, catalogues and clones, in the place of which a project has its own.
 */

const database = useTestDatabase()
const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args, { DATABASE_URL: database.url })

describe('macros of a project that commands call', () => {
  beforeAll(async () => {
    mkdirSync(join(folder(), 'macros'), { recursive: true })
    writeFileSync(
      join(folder(), 'macros', 'own.sql'),
      `{% macro default__get_limit_sql(sql, limit) %}select '{{ limit }}' as most, * from ({{ sql }}) as shown{% endmacro %}
{% macro get_catalog_relations(information_schema, relations) %}
  {% do return(run_query("select 'x' as table_database, '" ~ relations[0].schema ~ "' as table_schema, '" ~ relations[0].identifier ~ "' as table_name, 'BASE TABLE' as table_type, null as table_comment, 'own' as column_name, 1 as column_index, 'made up' as column_type, null as column_comment, 'me' as table_owner")) %}
{% endmacro %}
{% macro can_clone_table() %}{{ return(true) }}{% endmacro %}
{% macro postgres__create_or_replace_clone(this_relation, defer_relation) %}
create table {{ this_relation }} as select *, 'cloned' as how from {{ defer_relation }}
{% endmacro %}`,
    )
    expect((await run('build')).code).toBe(0)
  })

  it('show', async () => {
    const { out } = await run('show', '--inline', 'select 1 as n', '--limit', '3', '--output', 'json')
    expect(JSON.parse(out)).toEqual([{ most: '3', n: 1 }])
    const node = await run('show', '-s', 'customers', '--limit', '-1', '--output', 'csv')
    expect(node.out.split('\n')[1]).toMatch(/^None,/)
  })

  it('docs generate', async () => {
    expect((await run('docs', 'generate', '--select', 'customers')).code).toBe(0)
    const { nodes } = JSON.parse(readFileSync(join(folder(), 'target', 'catalog.json'), 'utf8'))
    expect(nodes['model.small_shop.customers'].columns).toEqual({
      own: { name: 'own', type: 'made up', index: 1, comment: null },
    })
  })

  it('clone', async () => {
    cpSync(join(folder(), 'target'), join(folder(), 'state'), { recursive: true })
    const project = join(folder(), 'project.yml')
    const own = readFileSync(project, 'utf8')
    writeFileSync(project, own.replaceAll('schema: shop,', 'schema: shop_clone,'))
    expect((await run('clone', '--state', 'state', '--select', 'raw_orders')).code).toBe(0)
    const { out } = await run(
      'show',
      '--inline',
      'select distinct how from shop_clone.raw_orders',
      '--output',
      'json',
    )
    expect(JSON.parse(out)).toMatchObject([{ how: 'cloned' }])
    writeFileSync(project, own)
  })
})
