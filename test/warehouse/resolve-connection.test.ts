import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { connectionUrl, describeTarget, redactUrl, withDatabaseUrl } from '../../src/warehouse/index.ts'
import { matchPassfile } from '../../src/warehouse/passfile.ts'
import { postgresConnection } from '../../src/warehouse/resolve-connection.ts'

const base = { engine: 'postgres', schema: 'analytics', threads: 4 } as const
const resolve = (spec: object, env: Record<string, string> = {}) =>
  postgresConnection({ name: 'prod', spec: { ...base, ...spec } }, { HOME: '/nonexistent', ...env })

describe('a target', () => {
  test('may name a role, a search path, certificates and how long connecting may take', () => {
    const spec = {
      role: 'builder',
      searchPath: 'a, b',
      connectTimeoutSeconds: '5',
      sslcert: '/me.pem',
      sslkey: '/me.key',
    }
    expect(resolve({ host: 'db', ...spec })).toMatchObject({
      role: 'builder',
      searchPath: 'a, b',
      connectTimeoutMs: 5000,
      sslCert: '/me.pem',
      sslKey: '/me.key',
    })
    expect(resolve({ host: 'db', connectTimeoutSeconds: 0 })).not.toHaveProperty('connectTimeoutMs')
  })

  test('may say how long a connection may be idle, how often to try, and what it is called', () => {
    const spec = { keepalivesIdleSeconds: '30', retries: 2, applicationName: 'nightly' }
    expect(resolve({ host: 'db', ...spec })).toMatchObject({
      keepAliveIdleMs: 30_000,
      retries: 2,
      applicationName: 'nightly',
    })
    const plain = resolve({ host: 'db', keepalivesIdleSeconds: 0, retries: 0 })
    for (const key of ['keepAliveIdleMs', 'retries', 'applicationName']) expect(plain).not.toHaveProperty(key)
  })

  test('takes a role as SET ROLE does: without quotes in small letters', () => {
    expect(resolve({ host: 'db', role: 'Builder' }).role).toBe('builder')
    expect(resolve({ host: 'db', role: '"Builder"' }).role).toBe('Builder')
  })

  test('takes what it says first, then its URL, then the environment', () => {
    const env = {
      PGHOST: 'env',
      PGPORT: '1',
      PGUSER: 'env',
      PGDATABASE: 'env',
      PGPASSWORD: 'env',
      PGSSLMODE: 'require',
    }
    expect(resolve({}, env)).toMatchObject({
      target: {
        host: 'env',
        port: 1,
        user: 'env',
        database: 'env',
        schema: 'analytics',
        threads: 4,
        name: 'prod',
      },
      sslMode: 'require',
    })
    const url = 'postgresql://u%40x:p%3Aw@db.example:6543/my%20db?sslmode=verify-full&sslrootcert=/ca.pem'
    const connection = resolve({ url }, env)
    expect(connection).toMatchObject({
      target: { host: 'db.example', port: 6543, user: 'u@x', database: 'my db' },
      sslMode: 'verify-full',
      sslRootCert: '/ca.pem',
    })
    expect(connection.password?.()).toBe('p:w')
    expect(resolve({ url, host: 'own', port: '7', password: 'own' }, env).target).toMatchObject({
      host: 'own',
      port: 7,
    })
    expect(resolve({ url, password: 'own' }, env).password?.()).toBe('own')
  })

  test('goes without anything to this machine, and encrypted to others where they can', () => {
    expect(resolve({ user: 'ann' })).toMatchObject({
      target: { host: 'localhost', port: 5432, database: 'ann' },
      sslMode: 'allow',
    })
    expect(resolve({ host: 'far' }).sslMode).toBe('prefer')
    expect(resolve({ url: 'postgres:///db?host=/run/pg' })).toMatchObject({
      target: { host: '/run/pg', database: 'db' },
      sslMode: 'allow',
    })
    expect(resolve({ url: 'postgres://u:p@/db?host=/run/pg&port=6' }).target).toMatchObject({
      host: '/run/pg',
      port: 6,
    })
    expect(resolve({ url: 'postgres://u@[::1]:5/db' }).target.host).toBe('::1')
  })

  test('never shows its password when it is printed', () => {
    const connection = resolve({ password: 'sesame' })
    expect(JSON.stringify(connection) + inspect(connection, { depth: 9 })).not.toContain('sesame')
    expect(connectionUrl(connection, { withPassword: false })).not.toContain('sesame')
    expect(connectionUrl(connection, { withPassword: true })).toContain(':sesame@localhost:5432/')
  })

  test.each([
    [{ port: 'http' }, 'port "http"'],
    [{ connectTimeoutSeconds: 'soon' }, 'connect_timeout "soon" is not a number from 0'],
    [{ keepalivesIdleSeconds: -1 }, 'keepalives_idle "-1" is not a number from 0'],
    [{ retries: 'often' }, 'retries "often" is not a number from 0'],
    [{ sslmode: 'maybe' }, 'sslmode "maybe" is not one of disable, allow, prefer'],
    [{ url: 'mysql://u:sesame@h/db' }, 'not a database URL: mysql://u:***@h/db'],
    [{ url: 'postgres://u:sesame@h:port/db' }, 'not a database URL: postgres://u:***@h:port/db'],
  ])('with %j is refused', (spec, message) => {
    let error: unknown
    try {
      resolve(spec)
    } catch (reason) {
      error = reason
    }
    expect((error as Error).message).toContain(message)
    expect(inspect(error, { depth: 9 })).not.toContain('sesame')
  })
})

test('a URL survives being taken apart and put together', () => {
  for (const url of [
    'postgresql://u%40:p%2F%3A@h:1/d%20b',
    'postgresql://u:p@%2Frun%2Fpg:6/db',
    'postgresql://u@[::1]:7/d',
  ]) {
    expect(connectionUrl(resolve({ url }), { withPassword: true })).toBe(url)
  }
})

test('a URL is shown without its password', () => {
  expect(redactUrl('postgres://u:p@ss@h/db?password=x&a=b')).toBe('postgres://u:***@h/db?password=***&a=b')
  expect(redactUrl('postgres://u@h/db')).toBe('postgres://u@h/db')
})

test('DATABASE_URL stands in for the embedded server, not for a server that the target names', () => {
  const embedded = { name: 'dev', spec: { engine: 'embedded', schema: 's', threads: 2 } } as const
  const env = { DATABASE_URL: 'postgres://u@h/db' }
  expect(withDatabaseUrl(embedded, {})).toBe(embedded)
  expect(describeTarget(withDatabaseUrl(embedded, env), env)).toMatchObject({
    engine: 'postgres',
    host: 'h',
    schema: 's',
    threads: 2,
  })
  const own = { name: 'prod', spec: { ...base, host: 'own' } }
  expect(withDatabaseUrl(own, env)).toBe(own)
  expect(describeTarget(embedded, {})).toMatchObject({
    engine: 'embedded',
    host: '127.0.0.1',
    database: 'estimand',
  })
})

describe('a password file', () => {
  const key = { host: 'db', port: 5432, database: 'shop', user: 'ann' }
  test.each([
    ['db:5432:shop:ann:secret', 'secret'],
    ['# comment\n*:*:*:bob:no\n*:*:*:ann:second', 'second'],
    ['db:5432:shop:ann:with\\:colon\\\\', 'with:colon\\'],
    ['db:5433:shop:ann:no', undefined],
    ['db:5432:shop:ann', undefined],
    ['', undefined],
  ])('%j gives %j', (text, password) => {
    expect(matchPassfile(text, key)).toBe(password)
  })

  const folder = mkdtempSync(join(tmpdir(), 'estimand-passfile-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is read from HOME or PGPASSFILE, unless others can read it', () => {
    const path = join(folder, '.pgpass')
    writeFileSync(path, '*:*:*:ann:found\n', { mode: 0o600 })
    expect(resolve({ user: 'ann' }, { HOME: folder }).password?.()).toBe('found')
    expect(resolve({ user: 'ann' }, { PGPASSFILE: path }).password?.()).toBe('found')
    expect(resolve({ user: 'ann' }, { PGPASSFILE: path, PGPASSWORD: 'env' }).password?.()).toBe('env')
    chmodSync(path, 0o644)
    expect(resolve({ user: 'ann' }, { HOME: folder }).password).toBeUndefined()
  })
})
