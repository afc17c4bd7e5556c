import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Problem, ProblemError } from '../../src/core/problem.ts'
import {
  type EmbeddedServer,
  ensureEmbeddedServer,
  resetEmbeddedServer,
  sql,
  withWarehouse,
} from '../../src/warehouse/index.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import { postgresConnection } from '../../src/warehouse/resolve-connection.ts'
import { makeCertificate } from './make-certificate.ts'

/*
 * A server of its own that encrypts, with a certificate made out to localhost alone, and what a target, a URL and
 * the environment get from it in each sslmode.
 */

const effects = { report: () => {}, clock: () => new Date(), env: { ESTIMAND_DB_IDLE_MINUTES: '0' } }
const ours = makeCertificate('our authority')
const others = makeCertificate('another authority')
const forLocalhost = makeCertificate('localhost', ours, ['localhost'])
const forUser = makeCertificate('estimand', ours)

let root: string
let server: EmbeddedServer
const file = (name: string) => join(root, name)

/** Says who may come in, encrypted or not, and takes it into force. */
async function allow(...lines: readonly string[]): Promise<void> {
  await writeFile(join(server.dataDir, 'pg_hba.conf'), `${lines.join('\n')}\n`)
  await admin!.query(sql`select pg_reload_conf()`)
}

/** Open from before, so that no line keeps it out. */
let admin: Awaited<ReturnType<typeof openSession>>['session'] | undefined

async function writeFiles(): Promise<void> {
  await writeFile(file('ours.crt'), ours.certPem)
  await writeFile(file('others.crt'), others.certPem)
  await writeFile(file('user.crt'), forUser.certPem)
  await writeFile(file('user.key'), forUser.keyPem, { mode: 0o600 })
  const { uid, gid } = await stat(server.dataDir)
  for (const [name, text] of [
    ['server.crt', forLocalhost.certPem],
    ['server.key', forLocalhost.keyPem],
    ['root.crt', ours.certPem],
  ] as const) {
    const path = join(server.dataDir, name)
    await writeFile(path, text, { mode: 0o600 })
    await chown(path, uid, gid)
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'estimand-tls-'))
  await chmod(root, 0o755)
  server = await ensureEmbeddedServer(root, effects)
  await writeFiles()
  admin = (await openSession(server.connection, { applicationName: 'tls test' })).session
  await admin!.query(sql`alter system set ssl = on`)
  await admin!.query(sql`alter system set ssl_ca_file = 'root.crt'`)
})

beforeEach(() => allow('host all all all scram-sha-256'))

afterAll(async () => {
  await admin?.close()
  await resetEmbeddedServer(root, effects, { force: true })
  await rm(root, { recursive: true, force: true })
})

type Keys = { readonly [key in 'sslmode' | 'sslrootcert' | 'sslcert' | 'sslkey' | 'host']?: string }

function connectionFor(keys: Keys, env: Readonly<Record<string, string>> = {}, url?: string) {
  const { database, port, user } = server.connection.target
  const spec = { engine: 'postgres', schema: 'public', threads: 1, retries: 2, database, port, user } as const
  const connection = postgresConnection(
    { name: 'prod', spec: { host: 'localhost', ...spec, ...(url !== undefined && { url }), ...keys } },
    { HOME: file('nobody'), ...env },
  )
  return { ...connection, password: server.connection.password! }
}

/** `encrypted`, `plain`, or what is wrong. */
async function outcome(keys: Keys, env: Readonly<Record<string, string>> = {}, url?: string) {
  try {
    const options = { threads: 1, applicationName: 'tls test' }
    return await withWarehouse(connectionFor(keys, env, url), options, async ({ control }) => {
      const { rows } = await control.query<{ ssl: boolean }>(
        sql`select ssl from pg_catalog.pg_stat_ssl where pid = pg_backend_pid()`,
      )
      return rows[0]!.ssl ? 'encrypted' : 'plain'
    })
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemError)
    return problemText((error as ProblemError).problems[0]!)
  }
}

function problemText({ code, message, hint }: Problem): string {
  return `${code}: ${message} (${hint})`
}

describe('a server that encrypts where it is asked to', () => {
  test.each([
    ['disable', 'plain'],
    ['allow', 'plain'],
    ['prefer', 'encrypted'],
    ['require', 'encrypted'],
  ])('gets from sslmode %s a connection that is %s', async (sslmode, expected) => {
    expect(await outcome({ sslmode })).toBe(expected)
  })

  test.each(['require', 'verify-ca', 'verify-full'])(
    'with sslmode %s and a file of roots has to show a certificate of theirs',
    async (sslmode) => {
      expect(await outcome({ sslmode, sslrootcert: file('ours.crt') })).toBe('encrypted')
      const refused = await outcome({ sslmode, sslrootcert: file('others.crt') })
      expect(refused).toMatch(/^warehouse-unreachable: no encrypted connection to .*certificate/)
      expect(refused).toContain('sslrootcert')
    },
  )

  test('is asked for the name of the host in verify-full alone', async () => {
    const byAddress = { host: '127.0.0.1', sslrootcert: file('ours.crt') }
    expect(await outcome({ ...byAddress, sslmode: 'require' })).toBe('encrypted')
    expect(await outcome({ ...byAddress, sslmode: 'verify-ca' })).toBe('encrypted')
    const refused = await outcome({ ...byAddress, sslmode: 'verify-full' })
    expect(refused).toMatch(/^warehouse-unreachable: .*127\.0\.0\.1/)
    expect(refused).toContain('sslmode=verify-ca')
  })

  test('is spoken to in the clear by prefer where its certificate is not to be trusted', async () => {
    expect(await outcome({ sslmode: 'prefer', sslrootcert: file('others.crt') })).toBe('plain')
  })

  test('is not trusted by the modes that verify without a file of roots', async () => {
    for (const sslmode of ['verify-ca', 'verify-full']) {
      expect(await outcome({ sslmode })).toMatch(/^config-invalid: .*needs a file of root certificates/)
      const sslrootcert = file('missing.crt')
      expect(await outcome({ sslmode, sslrootcert })).toMatch(/^config-invalid: .*finds no file .*missing/)
    }
    expect(await outcome({ sslmode: 'require', sslrootcert: file('missing.crt') })).toBe('encrypted')
  })

  test('is not trusted by the roots of the system, which need verify-full', async () => {
    expect(await outcome({ sslrootcert: 'system' })).toMatch(/^warehouse-unreachable: no encrypted/)
    const connect = () => connectionFor({ sslrootcert: 'system', sslmode: 'require' })
    expect(connect).toThrow(/too weak for sslrootcert=system/)
  })

  test('is reached by what a URL or the environment says', async () => {
    const roots = encodeURIComponent(file('ours.crt'))
    expect(await outcome({}, {}, `postgresql:///?sslmode=verify-full&sslrootcert=${roots}`)).toBe('encrypted')
    const env = { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: file('ours.crt') }
    expect(await outcome({}, env)).toBe('encrypted')
    expect(await outcome({}, { ...env, PGSSLROOTCERT: file('others.crt') })).toContain('no encrypted')
  })
})

describe('a server with lines of its own for encrypted connections', () => {
  test('that takes nothing else', async () => {
    await allow('hostssl all all all scram-sha-256')
    expect(await outcome({ sslmode: 'disable' })).toMatch(/^warehouse-auth: .*no encryption/)
    for (const sslmode of ['allow', 'prefer', 'require']) expect(await outcome({ sslmode })).toBe('encrypted')
    // Nobody said anything, and the server is on this machine.
    expect(await outcome({})).toBe('encrypted')
  })

  test('that takes none', async () => {
    await allow('hostnossl all all all scram-sha-256')
    for (const sslmode of ['disable', 'allow', 'prefer']) expect(await outcome({ sslmode })).toBe('plain')
    expect(await outcome({ sslmode: 'require' })).toMatch(/^warehouse-auth: .*SSL encryption/)
  })

  test('that knows users by their certificates', async () => {
    await allow('hostssl all all all cert')
    const keys = { sslmode: 'verify-full', sslrootcert: file('ours.crt') }
    expect(await outcome(keys)).toMatch(/^warehouse-auth: .*client certificate/)
    const own = { sslcert: file('user.crt'), sslkey: file('user.key') }
    expect(await outcome({ ...keys, ...own })).toBe('encrypted')
    expect(await outcome({ ...keys, sslcert: own.sslcert })).toMatch(/^config-invalid: .*no private key/)
    const swapped = { sslcert: file('user.crt'), sslkey: file('ours.crt') }
    expect(await outcome({ ...keys, ...swapped })).toMatch(/^config-invalid: cannot use .*ours\.crt/)
  })

  test('that encrypts nothing and refuses somebody says why, whatever was tried', async () => {
    await admin!.query(sql`alter system set ssl = off`)
    await allow('host all somebody_else all scram-sha-256')
    for (const sslmode of ['disable', 'allow', 'prefer'])
      expect(await outcome({ sslmode })).toMatch(/^warehouse-auth: .*pg_hba\.conf/)
  })
})
