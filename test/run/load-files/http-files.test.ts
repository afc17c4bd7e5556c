import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { isHttpAddress } from '../../../src/run/load-files/http-address.ts'
import { httpFiles } from '../../../src/run/load-files/http-files.ts'
import { type HttpEffects, httpEffects } from '../../../src/run/load-files/http-request.ts'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `${n},word\n`).join(''))
const refuse = (message: string) => new Error(message)

const servers: { close: () => void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A server, and the file that it has, with waits of no time. */
async function fileOf(
  answer: Answer,
  path = '/day=2026-01-01/t.csv',
  user = '',
  more: Partial<HttpEffects> = {},
) {
  const asked: string[] = []
  const waits: number[] = []
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers
    asked.push([request.method, range, authorization].filter(Boolean).join(' '))
    answer(request, response, asked.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  const origin = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const effects = { ...httpEffects, sleep: async (ms: number) => void waits.push(ms), ...more }
  const source = httpFiles(`http://${user}${origin}${path}`, refuse, effects)
  const read = async () => {
    const [file] = await source.list()
    const pieces: Buffer[] = []
    for await (const piece of file!.open(new AbortController().signal)) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  }
  return { source, read, asked, waits, origin }
}

/** Answers as web servers do, with ranges. */
const whole: Answer = ({ method, headers: { range } }, response) => {
  const from = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
  response.setHeader('etag', '"one"')
  response.setHeader('content-length', content.length - from)
  if (range) response.setHeader('content-range', `bytes ${from}-${content.length - 1}/${content.length}`)
  response.writeHead(range ? 206 : 200)
  response.end(method === 'HEAD' ? undefined : content.subarray(from))
}

/** Breaks off after some bytes. */
const broken: Answer = (_, response) => {
  response.writeHead(200, { etag: '"one"', 'content-length': content.length })
  response.write(content.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 50))
}

describe('a file of a web server', () => {
  it('is known by its address, size and etag, without what is secret', async () => {
    const path = '/day=2026-01-01/t.csv?token=secret#part'
    const { source, read, asked, origin } = await fileOf(whole, path, 'ann:p%40ss@')
    expect(await source.list()).toMatchObject([
      { address: `http://${origin}/day=2026-01-01/t.csv`, sizeBytes: content.length, version: '"one"' },
    ])
    expect((await read()).equals(content)).toBe(true)
    expect(asked[0]).toBe(`HEAD Basic ${Buffer.from('ann:p@ss').toString('base64')}`)
  })

  it('is read on from where the connection broke', async () => {
    const { read, asked, waits } = await fileOf((request, response, count) =>
      (count === 2 ? broken : whole)(request, response, count),
    )
    expect((await read()).equals(content)).toBe(true)
    expect(asked[2]).toMatch(/^GET bytes=[1-9]\d*-$/)
    expect(waits).toEqual([500])
  })

  it('is read again where the server knows no ranges, without what was there already', async () => {
    const { read } = await fileOf((request, response, count) => {
      if (count === 2) return broken(request, response, count)
      response.writeHead(200, { etag: '"one"', 'content-length': content.length })
      response.end(request.method === 'HEAD' ? undefined : content)
    })
    expect((await read()).equals(content)).toBe(true)
  })

  it('is refused where it changes in between', async () => {
    const { read } = await fileOf((request, response, count) => {
      if (count === 2) return broken(request, response, count)
      response.writeHead(200, { etag: count > 2 ? '"two"' : '"one"', 'content-length': content.length })
      response.end(request.method === 'HEAD' ? undefined : content)
    })
    await expect(read()).rejects.toThrow('it has changed while it was read')
  })

  it('is read on where no byte comes any more, and given up where none comes at all', async () => {
    const stalling: Answer = (_, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': content.length })
      response.write(content.subarray(0, 1_000_000))
    }
    const limit = { stallMs: 200 }
    const { read, asked } = await fileOf(
      (request, response, count) => (count === 2 ? stalling : whole)(request, response, count),
      ...[undefined, undefined, limit],
    )
    expect((await read()).equals(content)).toBe(true)
    expect(asked[2]).toMatch(/^GET bytes=[1-9]\d*-$/)
    const silent = await fileOf(
      (request, response, count) => {
        if (request.method === 'HEAD') return whole(request, response, count)
        response.writeHead(200, { etag: '"one"', 'content-length': content.length })
        response.flushHeaders()
      },
      ...[undefined, undefined, limit],
    )
    await expect(silent.read()).rejects.toThrow(
      'the connection breaks off again and again: no byte came for 0.2 s',
    )
    expect(silent.waits).toEqual([500, 1000, 2000, 4000])
  })

  it('is not waited for less because its reader takes long', async () => {
    const { source, asked } = await fileOf(whole, ...[undefined, undefined, { stallMs: 200 }])
    const [file] = await source.list()
    const pieces: Buffer[] = []
    for await (const piece of file!.open(new AbortController().signal)) {
      if (pieces.length === 0) await new Promise((resolve) => setTimeout(resolve, 500))
      pieces.push(piece as Buffer)
    }
    expect(Buffer.concat(pieces).equals(content)).toBe(true)
    expect(asked).toEqual(['HEAD', 'GET'])
  })

  it('is read again from its beginning where it is packed on the way: places are of the packed bytes', async () => {
    const noise = Buffer.from(
      Array.from({ length: 60_000 }, (_, n) => `${n},${Math.imul(n, 2654435761)}\n`).join(''),
    )
    const packed = gzipSync(noise)
    const { read, asked } = await fileOf((request, response, count) => {
      const { range } = request.headers
      const from = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
      const headers = { etag: '"one"', 'content-encoding': 'gzip', 'content-length': packed.length - from }
      response.writeHead(range ? 206 : 200, headers)
      if (request.method === 'HEAD') response.end()
      else if (count === 2)
        response.write(packed.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
      else response.end(packed.subarray(from))
    })
    expect((await read()).equals(noise)).toBe(true)
    expect(asked).toEqual(['HEAD', 'GET', 'GET'])
  })

  it('says that it is redirected for ever, and asks no more', async () => {
    const { source, origin, asked, waits } = await fileOf(
      (request, response) => void response.writeHead(302, { location: request.url! }).end(),
      '/t.csv?key=x',
    )
    await expect(source.list()).rejects.toThrow(
      `http://${origin}/t.csv cannot be read: it is redirected again and again, as in a loop`,
    )
    expect(waits).toEqual([])
    expect(asked.length).toBeLessThan(30)
  })

  it('is asked for again where the server is busy, as late as it says', async () => {
    const { read, waits } = await fileOf((request, response, count) => {
      if (count === 1) response.writeHead(503).end()
      else if (count === 2) response.writeHead(429, { 'retry-after': '7' }).end()
      else whole(request, response, count)
    })
    expect((await read()).equals(content)).toBe(true)
    expect(waits).toEqual([500, 7000])
  })

  it('is listed without HEAD where the server refuses it', async () => {
    const { source } = await fileOf((request, response, count) => {
      if (request.method === 'HEAD') response.writeHead(403).end()
      else whole(request, response, count)
    })
    expect(await source.list()).toMatchObject([{ sizeBytes: content.length, version: '"one"' }])
  })

  it('says what is wrong without the secrets of its address', async () => {
    const { source, origin } = await fileOf(
      (_, response) => void response.writeHead(404).end(),
      '/t.csv?key=x',
    )
    await expect(source.list()).rejects.toThrow(
      `http://${origin}/t.csv cannot be read: the server answers 404 Not Found`,
    )
    const { source: away, waits } = await fileOf((request) => void request.socket.destroy(), '/t.csv?key=x')
    await expect(away.list()).rejects.toThrow(
      /^http:\S+\/t.csv cannot be read: the server cannot be reached: \w+$/,
    )
    expect(waits).toEqual([500, 1000, 2000, 4000])
    expect(() => httpFiles('https://host/*.csv', refuse)).toThrow('https://host/*.csv has a pattern in it')
    expect(isHttpAddress('HTTPS://host')).toBe(true)
  })

  it('without an etag and a time is never taken for the same unread', async () => {
    const { source } = await fileOf(
      (_, response) => void response.writeHead(200, { 'content-length': 3 }).end(),
    )
    const [[one], [two]] = [await source.list(), await source.list()]
    expect(one!.version).not.toBe(two!.version)
  })
})
