import { describe, expect, it } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

describe('comments on statements', () => {
  const database = useProjectDatabase()

  /** What the statement that builds a table begins and ends with, where the project says `more`. */
  async function statementOf(more: string, files: Files = {}) {
    await database.rows(sql`drop schema if exists analytics cascade`)
    const project = {
      'project.yml': `${projectFile}${more}`,
      'models/noted.sql': "{{ config(materialized='table') }}\nselect current_query() as statement",
      ...files,
    }
    const { result } = await withProject(project, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
    )
    expect([...result.problems, ...result.results.flatMap(({ problem }) => problem ?? [])]).toEqual([])
    const [row] = await database.rows(sql`select statement from analytics.noted`)
    const lines = String(row!['statement']).trim().split('\n')
    return { first: lines[0]!, last: lines.at(-1)! }
  }

  it('tell which node is at work, where nobody says otherwise', async () => {
    const { first } = await statementOf('')
    const comment = /^\/\* (.*) \*\/$/.exec(first)
    expect(JSON.parse(comment?.[1] ?? first)).toEqual({
      app: 'estimand',
      dbt_version: expect.stringMatching(/^1\./),
      profile_name: 'test',
      target_name: 'test',
      node_id: 'model.shop.noted',
    })
  })

  it.each(['query-comment: null', "query-comment: ''", 'query-comment: {comment: ""}'])(
    'are left out with %s',
    async (more) => {
      expect((await statementOf(more)).first).toMatch(/^create /)
    },
  )

  it('are what the project says, with its macros, the node and the run', async () => {
    const macros = {
      'macros/note.sql':
        '{% macro note(node) %}{{ node.resource_type }} {{ node.name }}{{ node.nothing }}{% endmacro %}',
    }
    const { first } = await statementOf(
      `query-comment: "{{ note(node) }} of {{ target.name }} {{ invocation_id | length }}"`,
      macros,
    )
    expect(first).toBe('/* model noted of test 36 */')
  })

  it('come last when they are appended, and may say something else of what is no node', async () => {
    const { first, last } = await statementOf(
      'query-comment: {comment: "{{ node.name if node else connection_name }}", append: true, job-label: true}\non-run-start: create table if not exists public.log as select current_query() as statement',
    )
    expect(first).toMatch(/^create /)
    expect(last).toBe('/* noted */')
    const [row] = await database.rows(sql`select statement from public.log`)
    expect(String(row!['statement'])).toMatch(/\n\/\* master \*\/$/)
  })

  it('cannot end early', async () => {
    await expect(statementOf('query-comment: "*/ drop table x"')).rejects.toThrow('"*/"')
  })
})
