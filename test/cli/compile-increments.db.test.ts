import { describe, expect, it } from 'vitest'
import { withProject } from '../project/temp-project.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand } from './spawn-estimand.ts'

describe('compile in a project made for dbt', () => {
  const database = useTestDatabase()
  const profile = (url: URL) =>
    `shop: {target: dev, outputs: {dev: {type: postgres, host: ${url.hostname}, port: ${url.port}, user: ${url.username}, pass: "${decodeURIComponent(url.password)}", dbname: ${url.pathname.slice(1)}, schema: analytics, connect_timeout: 3}}}`
  const model =
    "{{ config(materialized='incremental') }}select {% if is_incremental() %}max(id) + 1 as id from {{ this }}{% else %}1 as id{% endif %}"

  it('writes an increment where the table stands, as dbt does', async () => {
    const url = new URL(database.url)
    const files = {
      'dbt_project.yml': 'name: shop\nprofile: shop\n',
      'profiles.yml': profile(url),
      'models/grown.sql': model,
    }
    await withProject(files, async (root) => {
      const compiled = async (...args: string[]) =>
        (await runEstimand(root, ['compile', '-s', 'grown', ...args], {})).out.trim()
      expect(await compiled()).toBe('select 1 as id')
      expect((await runEstimand(root, ['run'], {})).code).toBe(0)
      expect(await compiled()).toContain('max(id) + 1 as id from')
      expect(await compiled('--full-refresh')).toBe('select 1 as id')
      const inline = ['compile', '--empty', '--inline', "select * from {{ ref('grown') }}"]
      const empty = await runEstimand(root, inline, {})
      expect(empty.out).toMatch(/from \(select \* from .*"grown" where false limit 0\)/)
    })
  })

  it('says so where the server cannot be reached', async () => {
    const url = new URL(database.url)
    url.port = '1'
    const files = {
      'dbt_project.yml': 'name: shop\nprofile: shop\n',
      'profiles.yml': profile(url),
      'models/grown.sql': model,
    }
    await withProject(files, async (root) => {
      const { code, out, err } = await runEstimand(root, ['compile', '-s', 'grown'], {})
      expect({ code, out: out.trim() }).toEqual({ code: 0, out: 'select 1 as id' })
      expect(err).toContain(
        'The server cannot be reached: incremental models are compiled as for their first build.',
      )
    })
  })
})
