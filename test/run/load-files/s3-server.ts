import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll } from 'vitest'

/*
 * A store that speaks as much of S3's protocol as loading needs, and checks signatures as AWS describes them
 * (Signature Version 4), on its own: only requests signed with its key are answered.
 */

export const s3Keys = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

export interface S3TestServer {
  readonly endpoint: () => string
  /** What lies there: `bucket/key` → bytes. */
  readonly objects: Map<string, Buffer>
  /** Buckets that need no signature. */
  readonly open: Set<string>
  readonly asked: string[]
  /** Has the next object break off after so many bytes. */
  breakAfter: number | undefined
  /** Has it send nothing more instead, with the connection left open. */
  isStalling: boolean
  /** How long each object takes to come. */
  answerMs: number
  /** The most objects that were under way at once. */
  mostAtOnce: number
}

const pageKeys = 2

/** A server for the tests of a file. */
export function useS3Server(region = 'eu-test-1'): S3TestServer {
  const state = {
    objects: new Map<string, Buffer>(),
    open: new Set<string>(),
    asked: [] as string[],
    breakAfter: undefined as number | undefined,
    isStalling: false,
    answerMs: 0,
    mostAtOnce: 0,
    endpoint: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
  let underWay = 0
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://host')
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(url.pathname))!
    state.asked.push(`${request.method} ${bucket}/${key || (url.searchParams.get('prefix') ?? '')}`)
    if (!state.open.has(bucket) && !isSigned(request, region))
      return refuse(response, 403, request.headers.authorization ? 'SignatureDoesNotMatch' : 'AccessDenied')
    const names = [...state.objects.keys()].filter((name) => name.startsWith(`${bucket}/`)).sort()
    if (names.length === 0) return refuse(response, 404, 'NoSuchBucket')
    if (key === '')
      return list(
        response,
        url.searchParams,
        names.map((name) => name.slice(bucket.length + 1)),
        state.objects,
        bucket,
      )
    const bytes = state.objects.get(`${bucket}/${key}`)
    if (!bytes) return refuse(response, 404, 'NoSuchKey')
    state.mostAtOnce = Math.max(state.mostAtOnce, ++underWay)
    response.on('close', () => underWay--)
    setTimeout(() => send(request, response, bytes, state), state.answerMs)
  })
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return state
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  state: Pick<S3TestServer, 'breakAfter' | 'isStalling'>,
) {
  const etag = etagOf(bytes)
  const wanted = request.headers['if-match']
  if (wanted !== undefined && wanted !== etag) return refuse(response, 412, 'PreconditionFailed')
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')
  const from = Number(range?.[1] ?? 0)
  const headers = { etag, 'content-length': bytes.length - from, 'content-type': 'binary/octet-stream' }
  const place = `bytes ${from}-${bytes.length - 1}/${bytes.length}`
  response.writeHead(range ? 206 : 200, range ? { ...headers, 'content-range': place } : headers)
  if (request.method === 'HEAD') return void response.end()
  const { breakAfter, isStalling } = state
  if (breakAfter === undefined) return void response.end(bytes.subarray(from))
  state.breakAfter = undefined
  response.write(bytes.subarray(from, from + breakAfter), () => {
    if (!isStalling) setTimeout(() => response.destroy(), 50)
  })
}

function list(
  response: ServerResponse,
  query: URLSearchParams,
  keys: string[],
  objects: Map<string, Buffer>,
  bucket: string,
) {
  const after = query.get('continuation-token') ?? ''
  const left = keys.filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
  const page = left.slice(0, pageKeys)
  const contents = page.map((key) => {
    const bytes = objects.get(`${bucket}/${key}`)!
    const etag = etagOf(bytes).replaceAll('"', '&quot;')
    return `<Contents><Key>${escaped(key)}</Key><ETag>${etag}</ETag><Size>${bytes.length}</Size></Contents>`
  })
  const next =
    left.length > page.length ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : ''
  response.writeHead(200, { 'content-type': 'application/xml' })
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><IsTruncated>${next !== ''}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
  )
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

/** Whether a request is signed with our key, by the steps of AWS' description. */
function isSigned({ method, url, headers }: IncomingMessage, region: string): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (!found) return false
  const [, id, day, signedRegion, names, signature] = found as unknown as string[]
  if (id !== s3Keys.id || signedRegion !== region || !names!.split(';').includes('host')) return false
  const [path, query = ''] = url!.split('?')
  const pairs = query === '' ? [] : query.split('&').map((pair) => (pair.includes('=') ? pair : `${pair}=`))
  const canonical = [
    method,
    path,
    pairs.sort().join('&'),
    ...names!.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hex(canonical)].join('\n')
  const key = [day!, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${s3Keys.secret}`,
  )
  return createHmac('sha256', key).update(toSign).digest('hex') === signature
}

function hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
