import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { S3Spec } from '../../../src/core/load-spec.ts'
import { s3Files } from '../../../src/run/load-files/s3-files.ts'
import { s3Keys, useS3Server } from './s3-server.ts'

const server = useS3Server()
const refuse = (message: string, hint: string) => new Error(`${message}; ${hint}`)

const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `${n},word\n`).join(''))

beforeEach(() => {
  for (const name of [
    'AWS_PROFILE',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_SESSION_TOKEN',
    'AWS_ENDPOINT_URL',
  ])
    vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Keys.id)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Keys.secret)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere')
  server.asked.length = 0
  server.objects.clear()
  const names = [
    'day=2026-01-01/a.csv',
    'day=2026-01-02/a.csv',
    'day=2026-01-02/b.csv.gz',
    'day=2026-02-01/a+ü b.csv',
  ]
  for (const name of names) server.objects.set(`lake/in/${name}`, Buffer.from(`id\n${name.length}\n`))
  server.objects.set('lake/in/day=2026-01-02/', Buffer.from(''))
  server.objects.set('lake/in/_tmp/a.csv', Buffer.from('id\n1\n'))
  server.objects.set('lake/in/readme.txt', Buffer.from('no'))
  server.objects.set('lake/inner/a.csv', Buffer.from('id\n1\n'))
  server.objects.set('lake/big.csv', content)
})
afterEach(() => vi.unstubAllEnvs())

const source = (from: string, spec: S3Spec = {}) =>
  s3Files(from, { endpoint: server.endpoint(), region: 'eu-test-1', ...spec }, refuse)
const addresses = async (from: string) => (await source(from).list()).map(({ address }) => address)

async function read(from: string, spec: S3Spec = {}): Promise<Buffer> {
  const [file] = await source(from, spec).list()
  const pieces: Buffer[] = []
  for await (const piece of file!.open(new AbortController().signal)) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

describe("files of a store of S3's kind", () => {
  it('are those that a pattern matches, over several pages of a listing', async () => {
    expect(await addresses('s3://lake/in/day=2026-01-*/*.csv*')).toEqual([
      's3://lake/in/day=2026-01-01/a.csv',
      's3://lake/in/day=2026-01-02/a.csv',
      's3://lake/in/day=2026-01-02/b.csv.gz',
    ])
    expect(new Set(server.asked)).toEqual(new Set(['GET lake/in/day=2026-01-']))
    expect(await addresses('s3://lake/**/{a,b}.csv')).toEqual([
      's3://lake/in/day=2026-01-01/a.csv',
      's3://lake/in/day=2026-01-02/a.csv',
      's3://lake/inner/a.csv',
    ])
    expect(await addresses('s3://lake/*.parquet')).toEqual([])
  })

  it("are those in a folder whose names tell a format, without those that are somebody's own", async () => {
    const inside = [
      's3://lake/in/day=2026-01-01/a.csv',
      's3://lake/in/day=2026-01-02/a.csv',
      's3://lake/in/day=2026-01-02/b.csv.gz',
      's3://lake/in/day=2026-02-01/a+ü b.csv',
    ]
    expect(await addresses('s3://lake/in')).toEqual(inside)
    expect(await addresses('s3://lake/in/')).toEqual(inside)
    expect(await addresses('s3://lake')).toHaveLength(6)
  })

  it('is the one that is named, with its size and version', async () => {
    const [file, ...others] = await source('s3://lake/in/day=2026-02-01/a+ü b.csv').list()
    expect(others).toEqual([])
    expect(file).toMatchObject({ address: 's3://lake/in/day=2026-02-01/a+ü b.csv', sizeBytes: 6 })
    expect(file!.version).toMatch(/^"[0-9a-f]{32}"$/)
    expect(String(await read('s3://lake/in/day=2026-02-01/a+ü b.csv'))).toBe('id\n24\n')
  })

  it('is read on from where the connection broke', async () => {
    server.breakAfter = 1_000_000
    expect((await read('s3://lake/big.csv')).equals(content)).toBe(true)
    expect(server.asked.filter((one) => one === 'GET lake/big.csv')).toHaveLength(2)
  })

  it('is read on where no byte comes any more', async () => {
    Object.assign(server, { breakAfter: 1_000_000, isStalling: true })
    const spec = { endpoint: server.endpoint(), region: 'eu-test-1' }
    const [file] = await s3Files('s3://lake/big.csv', spec, refuse, 300).list()
    const pieces = (await file!.open(new AbortController().signal).toArray()) as Buffer[]
    server.isStalling = false
    expect(Buffer.concat(pieces).equals(content)).toBe(true)
    expect(server.asked.filter((one) => one === 'GET lake/big.csv')).toHaveLength(2)
  })

  it('fails where it has changed since it was listed', async () => {
    const [file] = await source('s3://lake/big.csv').list()
    server.objects.set('lake/big.csv', Buffer.from('id\n2\n'))
    const reading = file!.open(new AbortController().signal).toArray()
    await expect(reading).rejects.toThrow('it has changed while it was read')
  })

  it('needs no keys where requests go unsigned', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
    await expect(read('s3://lake/big.csv')).rejects.toThrow(/there are no keys for it; .*anonymous/)
    await expect(read('s3://lake/big.csv', { isAnonymous: true })).rejects.toThrow(/answers 403/)
    server.open.add('lake')
    expect((await read('s3://lake/big.csv', { isAnonymous: true })).equals(content)).toBe(true)
    server.open.delete('lake')
  })

  it('takes keys and region from a profile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'estimand-s3-'))
    try {
      vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
      vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
      vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'))
      writeFileSync(join(folder, 'config'), '[profile lake]\nregion = eu-test-1\n')
      writeFileSync(
        join(folder, 'credentials'),
        `[lake]\naws_access_key_id = ${s3Keys.id}\naws_secret_access_key = ${s3Keys.secret}\n`,
      )
      const files = await s3Files(
        's3://lake/big.csv',
        { endpoint: server.endpoint(), profile: 'lake' },
        refuse,
      ).list()
      expect(files).toHaveLength(1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('says what is wrong, and never a key', async () => {
    await expect(addresses('s3://lake/in/none.csv')).rejects.toThrow('there is no file s3://lake/in/none.csv')
    await expect(addresses('s3://nowhere/*.csv')).rejects.toThrow('there is no such bucket')
    expect(() => source('s3://')).toThrow('names no bucket')
    const away = source('s3://lake/*.csv', { endpoint: 'http://127.0.0.1:1' })
    await expect(away.list()).rejects.toThrow('the store cannot be reached: ECONNREFUSED')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another-secret')
    const refused = (await source('s3://lake/*.csv')
      .list()
      .catch((error: unknown) => error)) as Error
    expect(refused.message).toMatch(
      /^s3:\/\/lake\/\*\.csv cannot be read: the store answers 403 SignatureDoesNotMatch/,
    )
    expect(refused.message).not.toContain('another-secret')
  })
})
