import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { RunResult } from '../../src/core/run-result.ts'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRun, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const count = 70

/** Layers of views, each on the one before: some are wide enough for several groups. */
function layeredViews(): Files {
  const views: Record<string, string> = {}
  for (let n = 0; n < count; n++) {
    const from = n < 50 ? '' : ` from {{ ref('v_${n - 50}') }}`
    views[`models/v_${n}.sql`] = `select ${n} as n${from}`
  }
  return views
}

describe('many views', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options: ProjectRunOptions = {}) =>
    withProject({ 'project.yml': projectFile, ...files }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const standing = async () =>
    (
      await database.rows(
        sql`select relname as name from pg_class where relkind = 'v' and relnamespace = to_regnamespace('analytics')`,
      )
    ).length

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test.each([1, 4])('are built and published with %i threads, none at more of them', async (threads) => {
    const { result } = await run(layeredViews(), { threads })
    expect(result.results.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 'success'))
    expect(await standing()).toBe(count)
    expect(await database.rows(sql`select n from analytics.v_69`)).toEqual([{ n: 69 }])
    const used = new Set(result.results.map(({ thread }) => thread))
    expect([...used].every((thread) => thread! >= 1 && thread! <= threads)).toBe(true)
  })

  test('fail one by one, each with its own problem, and take only their readers along', async () => {
    const { result, node } = await run({
      ...layeredViews(),
      'models/v_3.sql': 'select 1 as n,\n  nope as m',
      'models/v_7.sql': 'select 1 as n from analytics.nowhere',
    })
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(node('v_3')).toMatchObject({
      status: 'error',
      problem: {
        message: 'column "nope" does not exist',
        place: { file: 'models/v_3.sql', line: 2, column: 3 },
      },
    })
    expect(node('v_7')).toMatchObject({
      status: 'error',
      problem: { message: 'relation "analytics.nowhere" does not exist' },
    })
    expect(result.results.filter(({ status }) => status === 'success')).toHaveLength(count - 4)
    expect(['v_53', 'v_57'].map((name) => node(name).status)).toEqual(['skipped', 'skipped'])
    expect(await standing()).toBe(0)
  })

  describe('when each node is published for itself', () => {
    const files = { ...layeredViews(), 'models/v_3.sql': 'select nope as n' }
    const notThere = [
      { nodeId: 'model.shop.v_3', status: 'error', message: 'column "nope" does not exist' },
      { nodeId: 'model.shop.v_53', status: 'skipped', message: expect.any(String) },
    ]
    /** Those that are not there, with what was said of them: a view that is lost is to say why. */
    const lost = ({ results }: RunResult) =>
      results
        .filter(({ status }) => status !== 'success')
        .map(({ nodeId, status, message }) => ({ nodeId, status, message }))

    test.each([1, 4, 8])('go live one by one with %i threads', async (threads) => {
      const { result } = await run(files, { publish: 'node', threads })
      expect(lost(result)).toEqual(notThere)
      expect(await standing()).toBe(count - 2)
    })

    test('all are there when several of them want to make their schema at the same moment', async () => {
      const threads = 4
      let running: Promise<ProjectRun> | undefined
      const nobody = new Error('nobody has made it')
      const holding = withWarehouse(
        database.connection,
        { threads: 1, applicationName: 'somebody' },
        ({ withSession }) =>
          withSession((session) =>
            session.transaction(async () => {
              await session.query(sql`create schema analytics`)
              running = run(files, { publish: 'node', threads })
              const waiting = sql`
                select from pg_stat_activity
                where datname = current_database()
                  and wait_event_type = 'Lock' and query ilike 'create schema%analytics%'`
              while ((await database.rows(waiting)).length < threads) await sleep(20)
              throw nobody
            }),
          ),
      )
      await expect(holding).rejects.toBe(nobody)
      const { result } = await running!
      expect(lost(result)).toEqual(notThere)
      expect(await standing()).toBe(count - 2)
    })
  })
})
