import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Session, sql, unsafeSql } from '../../src/warehouse/index.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { type ProjectRunOptions, runProject } from '../run/run-project.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'
import { tell } from './seeded.ts'

/*
 * A server that has no room left: on the disk of its tables, while a run builds and while it publishes, and for
 * connections.
 */

let server: FaultServer
let session: Session & { close: () => Promise<void> }
let disk: string | null = null
let states = 0

const execute = async (...statements: readonly string[]) => {
  for (const statement of statements) await session.query(unsafeSql(statement))
}

beforeAll(async () => {
  server = await startFaultServer()
  ;({ session } = await openSession(server.connection, { applicationName: 'faults' }))
  disk = makeSmallDisk(await dataOwner())
  if (disk) await execute(`create tablespace small location '${disk}'`)
})

afterAll(async () => {
  await session?.close()
  await server?.stop()
  if (disk) {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
  tell(
    `disk full ${disk ? '' : 'not tried: only root may mount a small one; '}and connections used up, ${states} states checked`,
  )
})

/** Who the server runs as; its folder tells. */
async function dataOwner(): Promise<{ uid: number; gid: number }> {
  const { rows } = await session.query<{ folder: string }>(
    sql`select current_setting('data_directory') as folder`,
  )
  return statSync(rows[0]!.folder)
}

/** A disk of 16 MB in memory; null where that needs rights that we do not have. */
function makeSmallDisk({ uid, gid }: { uid: number; gid: number }): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'estimand-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return null
  }
  chmodSync(folder, 0o700)
  chownSync(folder, uid, gid)
  return folder
}

const words = "repeat('some words ', 40)"
const files: Files = {
  'project.yml': projectFile,
  'models/wide.sql': `{{ config(materialized='table') }} select {{ var('run') }} as run, n, ${words} as text from generate_series(1, {{ var('rows', 10) }}) as n`,
  'models/grown.sql': `{{ config(materialized='incremental') }} select {{ var('run') }} as run, n, ${words} as text from generate_series(1, {{ var('more', 10) }}) as n`,
  'models/after.sql': "{{ config(materialized='table') }} select max(run) as run from {{ ref('wide') }}",
}
const run = (number: number, options: ProjectRunOptions = {}) =>
  withProject(files, (root) =>
    runProject(root, server.connection, {
      env: { DATABASE_URL: server.url },
      ...options,
      vars: { run: number, ...options.vars },
    }),
  )

async function published() {
  states++
  const { rows } = await session.query(sql`
    select
      (select array_agg(distinct run) from analytics.wide) as wide,
      (select array_agg(distinct run order by run) from analytics.grown) as grown,
      (select run from analytics.after) as after,
      (select count(*)::int from estimand.runs where published_at is not null) as publications,
      (select count(*)::int from pg_namespace where nspname like 'estimand_build%') as schemas`)
  return rows[0]
}

test('a node for which there is no connection left is tried again until there is', async () => {
  await execute('alter system set max_connections = 12', 'alter system set max_wal_senders = 0')
  await session.close()
  await server.kill()
  await server.comeBack()
  ;({ session } = await openSession(server.connection, { applicationName: 'faults' }))
  const before = await run(10)
  expect(before.result.status).toBe('success')
  const taken: { close: () => Promise<void> }[] = []
  const takeAll = async (): Promise<void> => {
    for (;;) {
      const opened = await openSession(server.connection, { applicationName: 'greedy' }).catch(() => null)
      if (!opened) return
      taken.push(opened.session)
    }
  }
  // The first session of the pool is opened ahead; the others find everything taken.
  const slow: Files = {
    ...files,
    ...Object.fromEntries(
      [1, 2, 3].map((n) => [
        `models/slow_${n}.sql`,
        `{{ config(materialized='table') }} select ${n} as n, pg_sleep(0.5)::text as slept`,
      ]),
    ),
  }
  await takeAll()
  // One for the run to begin with, which is its control session.
  await taken.pop()!.close()
  let freed: Promise<void> | undefined
  const free = async (): Promise<void> => {
    for (const one of taken.splice(0)) await one.close()
  }
  const { result, events } = await withProject(slow, (root) =>
    runProject(root, server.connection, {
      env: { DATABASE_URL: server.url },
      vars: { run: 11 },
      threads: 3,
      onEvent: ({ type }) => {
        if (type === 'node_retried') freed ??= free()
      },
    }),
  ).finally(() => freed ?? free())
  expect(result.problems).toEqual([])
  expect(result).toMatchObject({ status: 'success', published: true })
  const reasons = events.flatMap((event) => (event.type === 'node_retried' ? [event.reason] : []))
  expect(reasons.length).toBeGreaterThan(0)
  for (const reason of reasons) expect(reason).toMatch(/too many clients|connection slots/)
  states++
}, 120_000)

test('a disk that is full while a run builds or publishes leaves everything as it was, and the next run goes on', async () => {
  await execute('drop schema analytics, estimand cascade')
  expect((await run(1)).result).toMatchObject({ status: 'success', published: true })
  const one = { wide: [1], grown: [1], after: 1, publications: 1, schemas: 0 }
  expect(await published()).toEqual(one)
  if (!disk) return
  // Builds are on the small disk: 20 MB of them are too many.
  await execute('alter role current_user set default_tablespace = small')
  const building = await run(2, { vars: { rows: 40_000 } })
  expect(building.result).toMatchObject({ status: 'failed', published: false })
  expect(building.node('wide').problem).toMatchObject({ code: 'warehouse-disk-full' })
  expect(building.node('after').status).toBe('skipped')
  expect(await published()).toMatchObject({ ...one, schemas: expect.any(Number) })
  await execute('alter role current_user reset default_tablespace')
  // What is published of the increment is, and so its new rows have no room.
  await execute('alter table analytics.grown set tablespace small')
  const publishing = await run(3, { vars: { more: 40_000 } })
  expect(publishing.result.results.map(({ status }) => status)).not.toContain('error')
  expect(publishing.result).toMatchObject({ status: 'failed', published: false })
  expect(publishing.result.problems[0]).toMatchObject({ code: 'warehouse-disk-full' })
  expect(await published()).toMatchObject({ ...one, schemas: expect.any(Number) })
  // Something else fills it to the last byte; with that gone a retry publishes what was built.
  const balloon = join(disk, 'balloon')
  await execute('alter table analytics.grown set tablespace pg_default')
  const again = await run(3, { vars: { more: 40_000 }, retryOf: publishing.result.runId })
  expect(again.result).toMatchObject({ status: 'success', published: true })
  expect(await published()).toEqual({ wide: [3], grown: [1, 3], after: 3, publications: 2, schemas: 0 })
  await execute('alter role current_user set default_tablespace = small')
  try {
    writeFileSync(balloon, Buffer.alloc(15 * 1024 * 1024))
    expect((await run(4, { vars: { rows: 5_000 } })).result).toMatchObject({
      status: 'failed',
      published: false,
    })
    rmSync(balloon)
    expect((await run(5)).result).toMatchObject({ status: 'success', published: true })
    expect(await published()).toEqual({ wide: [5], grown: [1, 3, 5], after: 5, publications: 3, schemas: 0 })
  } finally {
    await execute('alter role current_user reset default_tablespace')
  }
}, 120_000)
