import { beforeEach, describe, expect, test } from 'vitest'
import { cloneRelations } from '../../src/run/clone-relations.ts'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { compileProject, useProjectDatabase } from './run-project.ts'

const project = {
  'project.yml': projectFile,
  'models/paid.sql': 'select 1 as id',
  'models/totals.sql': 'select 1 as id',
}

describe('cloning', () => {
  const database = useProjectDatabase()
  const clone = (asTables: boolean) =>
    withProject(project, async (root) => {
      const { manifest } = await compileProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
      })
      return withWarehouse(database.connection, { threads: 2, applicationName: 'test' }, (warehouse) =>
        cloneRelations({
          warehouse,
          manifest,
          nodeIds: ['model.shop.paid', 'model.shop.totals'],
          elsewhere: new Map([['analytics.paid', { schema: 'prod', identifier: 'paid "v1"' }]]),
          asTables,
          waitMs: 1_000,
          startedBy: { host: 'here', user: 'tester', processId: 1 },
          signal: new AbortController().signal,
        }),
      )
    })

  beforeEach(async () => {
    for (const schema of ['analytics', 'prod'])
      await database.rows(sql`drop schema if exists ${sql.ident(schema)} cascade`)
    await database.rows(sql`create schema prod`)
    await database.rows(sql`create table prod."paid ""v1""" as select 7 as id`)
  })

  test.each([
    { asTables: false, kind: 'v', after: 8 },
    { asTables: true, kind: 'r', after: 7 },
  ])('makes $kind of what the other target has, and nothing else', async ({ asTables, kind, after }) => {
    const clones = await clone(asTables)
    expect(clones.map(({ nodeId }) => nodeId)).toEqual(['model.shop.paid'])
    expect(
      await database.rows(sql`
        select relname as name, relkind as kind from pg_class
        where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v')`),
    ).toEqual([{ name: 'paid', kind }])
    await database.rows(sql`update prod."paid ""v1""" set id = 8`)
    expect(await database.rows(sql`select id from analytics.paid`)).toEqual([{ id: after }])
    expect(await database.rows(sql`select 1 from pg_namespace where nspname like 'estimand_build%'`)).toEqual(
      [],
    )
  })
})
