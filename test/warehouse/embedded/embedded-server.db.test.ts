import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/core/problem.ts'
import { findPostmaster, isAlive } from '../../../src/warehouse/embedded/postmaster.ts'
import {
  type EmbeddedServer,
  embeddedServerStatus,
  ensureEmbeddedServer,
  resetEmbeddedServer,
  sql,
  stopEmbeddedServer,
  withWarehouse,
} from '../../../src/warehouse/index.ts'

const isRoot = process.getuid?.() === 0
const effects = { report: () => {}, clock: () => new Date(), env: { ESTIMAND_DB_IDLE_MINUTES: '0' } }

let root: string
const inHome = (name: string) => join(root, '.estimand', name)
const ensure = () => ensureEmbeddedServer(root, effects)

function ask<T>(server: EmbeddedServer, query = sql`select count(*) as n from kept`): Promise<T> {
  return withWarehouse(
    server.connection,
    { threads: 1, applicationName: 'embedded test' },
    async (warehouse) => {
      const { rows } = await warehouse.query<{ n: T }>(query)
      return rows[0]?.n as T
    },
  )
}

async function problemOf(action: Promise<unknown>) {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProblemError)
  return (error as ProblemError).problems[0]!
}

async function makeRoot(mode: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'estimand-test-'))
  await chmod(folder, mode)
  return folder
}

describe('a project', () => {
  beforeAll(async () => {
    root = await makeRoot(0o755)
  })
  afterEach(() => stopEmbeddedServer(root, effects))
  afterAll(async () => {
    await resetEmbeddedServer(root, effects, { force: true })
    await rm(root, { recursive: true, force: true })
  })

  test('that has nothing gets one server, however many ask at once', async () => {
    expect(await embeddedServerStatus(root, effects)).toEqual({ state: 'missing' })
    // What an initdb that was killed leaves behind.
    await mkdir(inHome('data.init-killed'), { recursive: true })
    const servers = await Promise.all([ensure(), ensure(), ensure(), ensure()])
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1)
    expect(servers.filter(({ started }) => started)).toHaveLength(1)
    await ask(servers[0]!, sql`create table kept as select 1 as n`)
    expect((await readdir(inHome(''))).sort()).toEqual(['data', 'password', 'postgres.log', 'server.json'])
  })

  test('keeps its secrets to itself, and its server out of reach of the terminal', async () => {
    const server = await ensure()
    expect((await stat(inHome('password'))).mode & 0o777).toBe(0o600)
    expect((await stat(inHome('data'))).mode & 0o777).toBe(0o700)
    expect((await stat(inHome(''))).mode & 0o777).toBe(isRoot ? 0o711 : 0o700)
    expect(JSON.stringify(server)).not.toContain((await readFile(inHome('password'), 'utf8')).trim())
    // Fields after the command's name: state, parent, process group, session.
    const fields = (await readFile(`/proc/${server.pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
    expect(Number(fields[3])).toBe(server.pid)
    const owner = (await stat(`/proc/${server.pid}`)).uid
    if (isRoot) expect(owner).not.toBe(0)
    const settings = await ask<string>(
      server,
      sql`select string_agg(setting, ' ' order by name) as n from pg_settings
        where name in ('listen_addresses', 'unix_socket_directories', 'fsync', 'wal_level', 'jit', 'password_encryption')`,
    )
    expect(settings).toBe('on off 127.0.0.1 scram-sha-256  minimal')
  })

  test('stops its server and starts it again with its data, on the same port', async () => {
    const first = await ensure()
    expect(first.started).toBe(true)
    expect(await stopEmbeddedServer(root, effects)).toBe(true)
    expect(isAlive(first.pid)).toBe(false)
    expect(await stopEmbeddedServer(root, effects)).toBe(false)
    expect(await embeddedServerStatus(root, effects)).toMatchObject({ state: 'stopped' })
    const second = await ensure()
    expect(second).toMatchObject({ started: true, port: first.port })
    expect(await ask(second)).toBe(1)
  })

  test('takes another port when the last one is taken', async () => {
    const { port } = await ensure()
    await stopEmbeddedServer(root, effects)
    const squatter = await new Promise<Server>((resolve) => {
      const server = createServer().listen({ port, host: '127.0.0.1' }, () => resolve(server))
    })
    try {
      const server = await ensure()
      expect(server.port).not.toBe(port)
      expect(await ask(server)).toBe(1)
    } finally {
      squatter.close()
    }
  })

  test('recovers when its server was killed', async () => {
    const killed = await ensure()
    await ask(killed, sql`checkpoint`)
    process.kill(killed.pid, 'SIGKILL')
    await expect.poll(() => isAlive(killed.pid)).toBe(false)
    const server = await ensure()
    expect(server.started).toBe(true)
    expect(await ask(server)).toBe(1)
  })

  test('is not fooled by a postmaster.pid whose number another program has', async () => {
    const { dataDir } = await ensure()
    const file = join(dataDir, 'postmaster.pid')
    const text = await readFile(file, 'utf8')
    await stopEmbeddedServer(root, effects)
    await writeFile(file, text.replace(/^\d+/, String(process.pid)))
    expect(await findPostmaster(dataDir)).toBeUndefined()
    const server = await ensure()
    expect(server.started).toBe(true)
    expect(await ask(server)).toBe(1)
  })

  test('finds its server again when the state file is gone', async () => {
    const { pid, port } = await ensure()
    await rm(inHome('server.json'))
    expect(await ensure()).toMatchObject({ pid, port, started: false })
  })

  test('gets into its data again when the password file is gone', async () => {
    await ensure()
    await rm(inHome('password'))
    const server = await ensure()
    expect(server.started).toBe(true)
    expect(await ask(server)).toBe(1)
  })

  test('passes over the lock of a process that died', async () => {
    await writeFile(
      inHome('server.lock'),
      JSON.stringify({ pid: 2 ** 22 + 1, host: (await import('node:os')).hostname(), token: 'x' }),
    )
    expect((await ensure()).started).toBe(true)
  })

  test('says what runs, and does not reset what is in use', async () => {
    const server = await ensure()
    await withWarehouse(server.connection, { threads: 1, applicationName: 'somebody' }, async (warehouse) => {
      await warehouse.query(sql`select 1`)
      const status = await embeddedServerStatus(root, effects)
      expect(status).toMatchObject({
        state: 'running',
        pid: server.pid,
        port: server.port,
        version: expect.stringMatching(/^18/),
      })
      if (status.state !== 'running') return
      expect(status.dataBytes).toBeGreaterThan(10_000_000)
      expect(status.connections.map(({ application }) => application)).toEqual(['somebody', 'somebody'])
      const problem = await problemOf(resetEmbeddedServer(root, effects))
      expect(problem.code).toBe('warehouse-embedded')
      expect(problem.message).toContain('somebody')
    })
    await resetEmbeddedServer(root, effects)
    expect(await embeddedServerStatus(root, effects)).toEqual({ state: 'missing' })
    expect(isAlive(server.pid)).toBe(false)
  })
})

test('a server that nobody uses is stopped, one that is used is not', async () => {
  root = await makeRoot(0o755)
  const impatient = { ...effects, env: { ESTIMAND_DB_IDLE_MINUTES: '0.02' } }
  const server = await ensureEmbeddedServer(root, impatient)
  try {
    await withWarehouse(server.connection, { threads: 1, applicationName: 'user' }, async (warehouse) => {
      await new Promise((resolve) => setTimeout(resolve, 3000))
      expect((await warehouse.query(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
    })
    await expect.poll(() => isAlive(server.pid), { timeout: 10_000, interval: 100 }).toBe(false)
    expect(await readFile(inHome('postgres.log'), 'utf8')).toContain('received smart shutdown request')
    expect((await ensureEmbeddedServer(root, impatient)).started).toBe(true)
  } finally {
    await resetEmbeddedServer(root, effects, { force: true })
    await rm(root, { recursive: true })
  }
})

test('a folder that cannot be made is a problem with a hint', async () => {
  root = await makeRoot(0o755)
  await writeFile(inHome('').replace(/\/$/, ''), 'a file where the folder should be')
  const problem = await problemOf(ensure())
  expect(problem.code).toBe('warehouse-embedded')
  expect(problem.hint).toContain('DATABASE_URL')
  await rm(root, { recursive: true })
})

test.runIf(isRoot)('a project that the unprivileged user cannot reach keeps its data elsewhere', async () => {
  root = await makeRoot(0o700)
  const server = await ensure()
  try {
    expect(server.dataDir.startsWith(root)).toBe(false)
    await ask(server, sql`create table kept as select 1 as n`)
    await stopEmbeddedServer(root, effects)
    const again = await ensure()
    expect(again.dataDir).toBe(server.dataDir)
    expect(await ask(again)).toBe(1)
  } finally {
    await resetEmbeddedServer(root, effects, { force: true })
    await expect(stat(server.dataDir)).rejects.toThrow('ENOENT')
    await rm(root, { recursive: true })
  }
})

test('a name with spaces and quotes is a folder like any other', async () => {
  const parent = await makeRoot(0o755)
  root = join(parent, `it's "${randomUUID().slice(0, 4)}" -p 1`)
  await mkdir(root, { mode: 0o755 })
  const server = await ensure()
  try {
    expect(await ask(server, sql`select 5 as n`)).toBe(5)
    expect((await ensure()).pid).toBe(server.pid)
  } finally {
    await resetEmbeddedServer(root, effects, { force: true })
    await rm(parent, { recursive: true })
  }
})
