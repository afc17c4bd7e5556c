import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, sql, type Warehouse } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { makeUnreliableNetwork, type UnreliableNetwork } from '../warehouse/unreliable-network.ts'
import { projectFile } from './project-files.ts'
import { rollBack } from './roll-back.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * Publications whose connection is lost where the answer to the commit is missing, and that are not tried again.
 */

const database = useProjectDatabase()
let network: UnreliableNetwork

beforeEach(async () => {
  await database.rows(sql`drop schema if exists analytics cascade`)
  network = await makeUnreliableNetwork(database.connection.target.port)
})

afterEach(() => network.close())

const last = 'estimand.runs set published_at'

const run = (options: ProjectRunOptions) => {
  const target = { ...database.connection.target, host: '127.0.0.1', port: network.port }
  const through: Connection = { ...database.connection, target }
  const files = {
    'project.yml': projectFile,
    'models/grown.sql': "{{ config(materialized='incremental') }} select 1 as id",
  }
  return withProject(files, (root) =>
    runProject(root, through, { env: { DATABASE_URL: database.url }, ...options }),
  )
}

/** Calls back when publishing begins, and each time that it is tried again, with how often it was. */
const watching =
  (onPublish: () => void, onAgain: (times: number) => void): NonNullable<ProjectRunOptions['onEvent']> =>
  (event) => {
    if (event.type === 'publish_started') onPublish()
    if (event.type === 'log' && event.message.startsWith('publishing is tried again')) onAgain(++again)
  }
let again = 0
beforeEach(() => {
  again = 0
})

const rowsLive = async (): Promise<number> => {
  const [found] = await database.rows(sql`select to_regclass('analytics.grown') is not null as there`)
  if (!found!['there']) return 0
  return Number((await database.rows(sql`select count(*) from analytics.grown`))[0]!['count'])
}

const noted = async (runId: string) =>
  (
    await database.rows(sql`
    select status, published_at is not null as published from estimand.runs where run_id = ${runId}`)
  )[0]

describe('a publication whose connection is lost for good', () => {
  test('is a success where the commit had happened', async () => {
    const { result, events } = await run({
      onEvent: watching(
        () => network.cutAnswerTo(last),
        (times) => (times < 3 ? network.cutAnswerTo(last) : network.cutAnswerTo(last, 'commit')),
      ),
    })
    expect(again).toBe(3)
    expect(result.problems).toEqual([])
    expect(result).toMatchObject({ status: 'success', published: true })
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'log', message: expect.stringContaining('which had happened') }),
    )
    expect(await rowsLive()).toBe(1)
    expect(await noted(result.runId)).toEqual({ status: 'success', published: true })
  })

  test('has failed where it had not, and says so', async () => {
    const cut = () => network.cutAnswerTo(last)
    const { result } = await run({ onEvent: watching(cut, cut) })
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(result.problems).toMatchObject([
      { code: 'warehouse-lost', message: expect.stringMatching(/while publishing.*it was not published$/) },
    ])
    expect(await rowsLive()).toBe(0)
    expect(await noted(result.runId)).toEqual({ status: 'failed', published: false })
  })

  test('is a success too when it is cancelled instead of being tried again', async () => {
    const cancel = new AbortController()
    const { result } = await run({
      signal: cancel.signal,
      onEvent: watching(
        () => network.cutAnswerTo(last, 'commit'),
        () => cancel.abort(),
      ),
    })
    expect(result).toMatchObject({ status: 'success', published: true, problems: [] })
    expect(await rowsLive()).toBe(1)
  })

  test('is unknown where the server cannot be asked, which its notes tell later', async () => {
    const cancel = new AbortController()
    const { result } = await run({
      signal: cancel.signal,
      onEvent: watching(
        () => network.cutAnswerTo(last, 'commit'),
        () => {
          network.refuse()
          network.cut()
          cancel.abort()
        },
      ),
    })
    await network.mend()
    expect(result).toMatchObject({ status: 'cancelled', published: null })
    expect(result.problems[0]).toMatchObject({
      code: 'publish-unknown',
      hint: expect.stringContaining(result.runId),
    })
    expect(await noted(result.runId)).toEqual({ status: 'running', published: true })
    expect(await rowsLive()).toBe(1)
  })

  test.each([
    ['published', [last, 'commit'], true],
    ['not published', [last], false],
  ] as const)('is known to be %s when the run can write how it ended', async (words, messages, published) => {
    const cancel = new AbortController()
    let isDown = false
    let asked = 0
    /** The server is away for the first two questions: those of the last look, of which one is asked twice. */
    const between = (warehouse: Warehouse): Warehouse => ({
      ...warehouse,
      control: new Proxy(warehouse.control, {
        get(control, key) {
          if (key !== 'query') return Reflect.get(control, key)
          return async (query: Parameters<typeof control.query>[0]) => {
            if (isDown && ++asked > 2) {
              isDown = false
              await network.mend()
            }
            return control.query(query)
          }
        },
      }),
    })
    const runId = randomUUID()
    const { result } = await run({
      runId,
      between,
      signal: cancel.signal,
      onEvent: watching(
        () => network.cutAnswerTo(...messages),
        () => {
          isDown = true
          network.refuse()
          network.cut()
          cancel.abort()
        },
      ),
    })
    expect(result.published).toBe(published)
    expect(result.problems[0]).toMatchObject({
      code: 'warehouse-lost',
      message: expect.stringMatching(new RegExp(`it was ${words}$`)),
    })
    expect(await rowsLive()).toBe(published ? 1 : 0)
    expect(await noted(runId)).toEqual({ status: 'cancelled', published })
  })
})

describe('a rollback whose connection is lost', () => {
  test.each([
    ['before it begins', ['from estimand.kept_publications']],
    ['while it stands in line', ['insert into estimand.leases']],
    ['before its commit', ["'rollback', 'success'"]],
    ['behind its commit', ["'rollback', 'success'", 'commit']],
  ])('%s happens once', async (_when, messages) => {
    const keep = { keepPublications: 3 }
    await run(keep)
    await run(keep)
    await run(keep)
    expect(await rowsLive()).toBe(3)
    const before = await rollbacks()
    network.cutAnswerTo(...messages)
    const target = { ...database.connection.target, host: '127.0.0.1', port: network.port }
    const { undone } = await rollBack({ ...database.connection, target })
    expect(undone).toHaveLength(1)
    expect(await rowsLive()).toBe(2)
    expect(await rollbacks()).toBe(before + 1)
    expect(await database.rows(sql`select from estimand.leases where command = 'rollback'`)).toEqual([])
  })

  test('for good says whether it has happened as soon as that is known', async () => {
    const keep = { keepPublications: 3 }
    await run(keep)
    await run(keep)
    network.cutAnswerTo("'rollback', 'success'", 'commit')
    const target = { ...database.connection.target, host: '127.0.0.1', port: network.port }
    const said: string[] = []
    const { undone } = await rollBack(
      { ...database.connection, target },
      { say: (words) => said.push(words) },
    )
    expect(undone).toHaveLength(1)
    expect(said).toEqual([expect.stringMatching(/^taking back is tried again: /)])
  })
})

const rollbacks = async (): Promise<number> =>
  Number(
    (await database.rows(sql`select count(*) from estimand.runs where command = 'rollback'`))[0]!['count'],
  )
