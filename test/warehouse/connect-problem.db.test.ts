import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { type Problem, ProblemError } from '../../src/core/problem.ts'
import { type Connection, connectWarehouse, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from './test-database.ts'

const database = useTestDatabase()

async function problemOf(
  change: Partial<Connection['target']>,
  more: Partial<Connection> = {},
): Promise<Problem> {
  const connection = { ...database.connection, ...more, target: { ...database.connection.target, ...change } }
  const options = { threads: 1, applicationName: 'test', connectTimeoutMs: 500 }
  const error = await connectWarehouse(connection, options).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ProblemError)
  const [problem] = (error as ProblemError).problems
  expect(JSON.stringify(problem)).not.toContain(database.connection.password?.())
  return problem!
}

test('a wrong password names the user, never the password', async () => {
  const problem = await problemOf({}, { password: () => 'guessed' })
  expect(problem).toMatchObject({
    code: 'warehouse-auth',
    message: expect.stringContaining('user "estimand"'),
  })
  expect(JSON.stringify(problem)).not.toContain('guessed')
  const { password: _, ...without } = database.connection
  const error = await connectWarehouse(without, { threads: 1, applicationName: 'test' }).catch(
    (reason: unknown) => reason,
  )
  expect((error as ProblemError).problems[0]!.code).toBe('warehouse-auth')
})

test('a database that is missing says how to make it', async () => {
  expect(await problemOf({ database: 'nowhere' })).toMatchObject({
    code: 'warehouse-unreachable',
    message: expect.stringContaining('has no database "nowhere"'),
    hint: expect.stringContaining('createdb nowhere'),
  })
})

test('a port where nothing listens and a host that nobody knows are told apart', async () => {
  expect((await problemOf({ port: 1 })).message).toContain('nothing listens there')
  expect((await problemOf({ host: 'no-such-host.invalid' })).message).toMatch(/host name|no answer/)
  expect((await problemOf({ host: '/nonexistent' })).message).toContain('no such socket')
})

test('a server that never answers is given up', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  try {
    const { port } = silent.address() as AddressInfo
    expect((await problemOf({ port })).message).toContain('no answer in time')
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    const target = { ...database.connection.target, port }
    const options = { threads: 1, applicationName: 'test', signal: controller.signal }
    const error = await connectWarehouse({ ...database.connection, target }, options).catch(
      (reason: unknown) => reason,
    )
    expect((error as ProblemError).problems[0]!.code).toBe('cancelled')
  } finally {
    silent.close()
  }
})

test('an answer that came while we were stopped counts', async () => {
  const options = { threads: 1, applicationName: 'test', connectTimeoutMs: 1000 }
  const connecting = connectWarehouse(database.connection, options)
  // As long as this waits nothing else of the process runs, as when it is stopped or its machine sleeps.
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500))
  await (await connecting).close()
})

/** A way to the server on which so many connections break at once before one goes through. */
async function shakyPort(failures: number): Promise<{ readonly port: number; readonly close: () => void }> {
  let left = failures
  const { host, port } = database.connection.target
  const shaky = createServer((client) => {
    if (left-- > 0) {
      client.destroy()
      return
    }
    const server = connect(port, host)
    client.pipe(server).pipe(client)
    for (const end of [client, server]) end.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(shaky, 'listening')
  return { port: (shaky.address() as AddressInfo).port, close: () => shaky.close() }
}

test('a server that cannot be reached is tried as often as the target says', async () => {
  const options = { threads: 1, applicationName: 'test' }
  const shaky = await shakyPort(2)
  const target = { ...database.connection.target, port: shaky.port }
  try {
    await withWarehouse({ ...database.connection, target, retries: 2 }, options, (warehouse) =>
      warehouse.control.query(sql`select 1`),
    )
  } finally {
    shaky.close()
  }
  const shakier = await shakyPort(2)
  try {
    expect(await problemOf({ port: shakier.port }, { retries: 1 })).toMatchObject({
      code: 'warehouse-unreachable',
    })
  } finally {
    shakier.close()
  }
})

test('a server with no connection left is left alone for a while, and tried again', async () => {
  const role = `limited_${process.pid}`
  const options = { threads: 1, applicationName: 'test' }
  const own = { ...database.connection, password: () => 'secret' }
  const limited = { ...own, target: { ...own.target, user: role } }
  await withWarehouse(database.connection, options, async ({ control }) => {
    await control.query(sql`create role ${sql.ident(role)} login connection limit 1 password 'secret'`)
    try {
      const first = await connectWarehouse(limited, options)
      setTimeout(() => void first.close(), 200)
      const told: string[] = []
      await withWarehouse(limited, { ...options, onFull: (words) => told.push(words) }, async (second) => {
        await second.control.query(sql`select 1`)
        const refused = await connectWarehouse(limited, { ...options, triesWhenFull: 0 }).catch(
          (reason: unknown) => reason,
        )
        expect((refused as ProblemError).problems[0]!.message).toContain('has no connection left')
      })
      expect(told.length).toBeGreaterThan(0)
      expect(told[0]).toMatch(/has no connection left: .*; trying again in \d\.\d s$/)
    } finally {
      await control.query(sql`drop role ${sql.ident(role)}`)
    }
  })
})

test('a password that is refused is not tried again', async () => {
  const started = Date.now()
  expect((await problemOf({}, { password: () => 'guessed', retries: 4 })).code).toBe('warehouse-auth')
  expect(Date.now() - started).toBeLessThan(1000)
})

test('a connection is called what the target says', async () => {
  const connection = { ...database.connection, applicationName: 'nightly' }
  await withWarehouse(connection, { threads: 1, applicationName: 'test' }, async ({ control }) => {
    const { rows } = await control.query(sql`select current_setting('application_name') as name`)
    expect(rows).toEqual([{ name: 'nightly' }])
  })
})

test('sslmode prefer goes on without encryption where there is none, require does not', async () => {
  const options = { threads: 1, applicationName: 'test' }
  await withWarehouse({ ...database.connection, sslMode: 'prefer' }, options, async (warehouse) => {
    expect(warehouse.serverVersion).toBeGreaterThanOrEqual(140000)
    expect(warehouse.capabilities).toEqual({ citus: false })
  })
  expect((await problemOf({}, { sslMode: 'require' })).message).toContain('does not support SSL')
})
