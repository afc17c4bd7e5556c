import { describe, expect, test } from 'vitest'
import type { NodeId } from '../../src/core/node.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

const shop = {
  'project.yml': projectFile,
  'seeds/orders.csv': 'id,amount\n1,10\n2,20\n',
  'models/stg_orders.sql': "select id, amount from {{ ref('orders') }}",
  'models/totals.sql': `{{ config(materialized='table', indexes=[{'columns': ['n']}], post_hook='update {{ this }} set n = 0') }}
with counted as (select count(*) as n from {{ ref('stg_orders') }}) select n from counted`,
  'models/broken.sql': "{{ config(materialized='table') }}\nselect nothing",
  'models/tests.yml': 'models: [{ name: totals, columns: [{ name: n, tests: [unique] }] }]',
}

describe('what a run sends for a node', () => {
  const database = useProjectDatabase()
  const executed = (files: Files): Promise<Record<string, string>> =>
    withProject(files, async (root) => {
      const texts: Record<string, string> = {}
      const { result } = await runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
        onExecuted: (id: NodeId, text: string) => {
          texts[id.split('.')[2]!] = text
        },
      })
      const { database: name } = database.connection.target
      const plain = (text: string) =>
        text.replaceAll(`${result.buildSchema}__`, 'build_').replaceAll(`"${name}".`, '')
      return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, plain(text)]))
    })

  test('is what creates it, indexes and hooks, whether or not that succeeds', async () => {
    const texts = await executed(shop)
    expect(texts['stg_orders']).toBe(
      'create view "build_analytics"."stg_orders" as\nselect id, amount from "build_analytics"."orders";',
    )
    const statements = texts['totals']!.split(';\n\n')
    expect(statements[0]!.replace(/\s+/g, ' ')).toBe(
      'create table "build_analytics"."totals" as with counted as (select count(*) as n from "build_analytics"."stg_orders") select n from counted',
    )
    expect(statements[1]).toMatch(/^create index "\w+" on "build_analytics"."totals" .*\("n"\)$/)
    expect(statements.join('\n')).toMatch(/^update .* set n = 0;?$/m)
    expect(texts['broken']).toMatch(/^create table "build_analytics"."broken" as\s+select nothing;$/)
  })

  test('is the whole question of a test', async () => {
    const texts = await executed(shop)
    expect(texts['unique_totals_n']).toMatch(
      /^select failures::text as failures, .*failures != 0 as should_error.*having count\(\*\) > 1/s,
    )
  })
})
