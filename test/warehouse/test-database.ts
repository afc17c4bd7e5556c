import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, inject } from 'vitest'
import { openSession } from '../../src/warehouse/open-session.ts'
import { connectionUrl, postgresConnection } from '../../src/warehouse/resolve-connection.ts'
import { sql } from '../../src/warehouse/sql.ts'
import {
  type Connection,
  type ConnectOptions,
  connectWarehouse,
  type Session,
  type Warehouse,
} from '../../src/warehouse/warehouse.ts'

/*
 * A database of its own for each test file, on the server of the global setup:
 *
 *     const database = useTestDatabase()
 *     test('…', async () => { … database.connection, database.url … })
 *
 *     const warehouse = useWarehouse()
 *     test('…', async () => { await warehouse().query(sql`select 1`) })
 */

export interface TestDatabase {
  readonly connection: Connection
  /** With its password. */
  readonly url: string
  /** Drops the database; throws when somebody forgot to close a connection. */
  readonly drop: () => Promise<void>
}

/** Makes an empty database. */
export async function makeTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await asAdmin((session) => session.query(sql`create database ${sql.ident(name)}`))
  const spec = { engine: 'postgres' as const, schema: 'analytics', threads: 4, url: inject('serverUrl') }
  const connection = postgresConnection({ name: 'test', spec: { ...spec, database: name } }, {})
  return {
    connection,
    url: connectionUrl(connection, { withPassword: true }),
    drop: () =>
      asAdmin(async (session) => {
        const leaked = await connectionsLeft(session, name)
        await session.query(sql`drop database ${sql.ident(name)} with (force)`)
        if (leaked.length > 0) throw new Error(`connections were left open: ${leaked.join('; ')}`)
      }),
  }
}

/** Makes a database before the tests of a file and drops it after. */
export function useTestDatabase(): { readonly connection: Connection; readonly url: string } {
  let database: TestDatabase | undefined
  beforeAll(async () => {
    database = await makeTestDatabase()
  })
  afterAll(() => database?.drop())
  return {
    get connection() {
      return database!.connection
    },
    get url() {
      return database!.url
    },
  }
}

/** Makes a database and a warehouse on it for the tests of a file. */
export function useWarehouse(options: Partial<ConnectOptions> = {}): () => Warehouse {
  const database = useTestDatabase()
  let warehouse: Warehouse | undefined
  beforeAll(async () => {
    warehouse = await connectWarehouse(database.connection, {
      threads: 4,
      applicationName: 'estimand test',
      ...options,
    })
  })
  afterAll(() => warehouse?.close())
  return () => warehouse!
}

async function asAdmin<T>(body: (session: Session) => Promise<T>): Promise<T> {
  const spec = { engine: 'postgres' as const, schema: 'public', threads: 1, url: inject('serverUrl') }
  const { session } = await openSession(postgresConnection({ name: 'admin', spec }, {}), {
    applicationName: 'estimand test admin',
  })
  try {
    return await body(session)
  } finally {
    await session.close()
  }
}

/** A closed connection is shown for a moment longer. */
async function connectionsLeft(session: Session, database: string): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await session.query<{ application: string; query: string }>(sql`
      select application_name as application, left(query, 80) as query
      from pg_catalog.pg_stat_activity
      where datname = ${database} and backend_type = 'client backend'
    `)
    if (rows.length === 0 || attempt === 40)
      return rows.map(({ application, query }) => `${application}: ${query}`)
    await sleep(50)
  }
}
