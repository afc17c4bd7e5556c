import { addAbortSignal, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Spec } from '../../core/load-spec.ts'
import { formatOfName } from './file-names.ts'
import type { FileSource, SourceFile } from './file-source.ts'
import { alternatives, isHidden, isPattern, pathPattern } from './glob-pattern.ts'
import { stallLimitMs } from './http-request.ts'
import type { Refuse } from './local-files.ts'
import { type Answer, readOn } from './read-on.ts'
import { s3Address } from './s3-address.ts'
import { openS3Client } from './s3-client.ts'
import { explainS3Error, isMissing, statusOf } from './s3-error.ts'

/*
 * Files of a store that speaks the protocol of S3: one object, those that a pattern matches, or those in a folder.
 * The library is loaded only where there are such files.
 */

/** What is used of the library. */
type Library = typeof import('@aws-sdk/client-s3')

interface Store {
  readonly library: Library
  readonly client: S3Client
  readonly bucket: string
  /** How long no byte may come before an object is read on. */
  readonly stallMs: number
}

/** What a listing tells of an object. */
interface Listed {
  readonly key: string
  readonly sizeBytes: number
  readonly etag: string
}

/** The files that an address names. */
export function s3Files(
  from: string,
  spec: S3Spec,
  refuse: Refuse,
  stallMs: number = stallLimitMs,
): FileSource {
  const address = s3Address(from)
  if (!address) throw refuse(`${from} names no bucket`, 'write it as s3://bucket/folder/file.csv.gz')
  const { bucket, key } = address
  return {
    isLasting: true,
    list: async () => {
      const library = await import('@aws-sdk/client-s3')
      const client = await openS3Client(library, spec)
      const files = await listFiles({ library, client, bucket, stallMs }, key).catch((error: unknown) => {
        throw explainS3Error(error, (message, hint) => refuse(`${from} cannot be read: ${message}`, hint))
      })
      if (files.length === 0 && !isPattern(key))
        throw refuse(`there is no file ${from}`, 'neither an object nor a folder with files is called so')
      return files
    },
  }
}

async function listFiles(store: Store, key: string): Promise<SourceFile[]> {
  const listed = isPattern(key) ? await matching(store, key) : await namedBy(store, key)
  return listed.map((object) => fileOf(object, store)).sort((a, b) => (a.address < b.address ? -1 : 1))
}

/** The object of that name, or what lies in the folder of that name. */
async function namedBy(store: Store, key: string): Promise<Listed[]> {
  if (key !== '' && !key.endsWith('/')) {
    const object = await objectNamed(store, key)
    if (object) return [object]
  }
  const folder = key === '' || key.endsWith('/') ? key : `${key}/`
  const isWanted = (name: string) => {
    const inside = name.slice(folder.length)
    return formatOfName(inside) !== null && !inside.split('/').some(isHidden)
  }
  return listObjects(store, folder, isWanted)
}

/** Undefined where there is none: who may not list is told so in the same way as who may not read. */
async function objectNamed({ library, client, bucket }: Store, key: string): Promise<Listed | undefined> {
  try {
    const head = await client.send(new library.HeadObjectCommand({ Bucket: bucket, Key: key }))
    return { key, sizeBytes: head.ContentLength ?? 0, etag: head.ETag ?? '' }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function matching(store: Store, pattern: string): Promise<Listed[]> {
  const found = new Map<string, Listed>()
  for (const one of alternatives(pattern)) {
    const matches = pathPattern(one)
    const [prefix = ''] = /^[^*?]*/.exec(one) ?? []
    for (const object of await listObjects(store, prefix, (key) => matches.test(key)))
      found.set(object.key, object)
  }
  return [...found.values()]
}

/** Objects whose names begin so, a thousand at a time; names that end in a slash stand for folders. */
async function listObjects(
  { library, client, bucket }: Store,
  prefix: string,
  isWanted: (key: string) => boolean,
): Promise<Listed[]> {
  const listed: Listed[] = []
  for await (const page of library.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key: key, Size: sizeBytes, ETag: etag } of page.Contents ?? [])
      if (key !== undefined && !key.endsWith('/') && isWanted(key))
        listed.push({ key, sizeBytes: sizeBytes ?? 0, etag: etag ?? '' })
  return listed
}

function fileOf(object: Listed, store: Store): SourceFile {
  return {
    address: `s3://${store.bucket}/${object.key}`,
    sizeBytes: object.sizeBytes,
    version: object.etag,
    isRemote: true,
    open: (signal) =>
      readOn({
        ask: (sofar, asked) => read(object, store, sofar, asked),
        signal,
        stallMs: store.stallMs,
        sleep: (ms, stop) => sleep(ms, undefined, stop && { signal: stop }),
        reasonOf: (error) => (error as NodeJS.ErrnoException).code ?? (error as Error).name,
      }),
  }
}

const changed = 'it has changed while it was read'

async function read(
  { key, etag, sizeBytes }: Listed,
  { library, client, bucket }: Store,
  sofar: number,
  signal: AbortSignal,
): Promise<Answer> {
  // Broken off behind its last byte.
  if (sofar > 0 && sofar >= sizeBytes) return { bytes: nothing(), startsAt: sofar }
  const range = sofar > 0 ? { Range: `bytes=${sofar}-` } : {}
  const ask = new library.GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag, ...range })
  try {
    const answer = await client.send(ask, { abortSignal: signal })
    const bytes = answer.Body as Readable
    if (answer.ETag !== undefined && answer.ETag !== etag) {
      bytes.destroy()
      throw new Error(changed)
    }
    addAbortSignal(signal, bytes)
    return { bytes, startsAt: answer.ContentRange === undefined ? 0 : sofar }
  } catch (error) {
    if (statusOf(error) === 412) throw new Error(changed, { cause: error })
    throw explainS3Error(error, (message) => new Error(message, { cause: error }))
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
