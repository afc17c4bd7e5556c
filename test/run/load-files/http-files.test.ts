import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isHttpAddress } from '../../../src/run/load-files/http-address.ts'
import { httpFiles } from '../../../src/run/load-files/http-files.ts'
import { httpEffects } from '../../../src/run/load-files/http-request.ts'

const content = Buffer.from(Array.from({ length: 300_000 }, (_, n) => `${n},word\n`).join(''))
const refuse = (message: string) => new Error(message)

const servers: { close: () => void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A server, and the file that it has, with waits of no time. */
async function fileOf(answer: Answer, path = '/day=2026-01-01/t.csv', user = '') {
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
  const effects = { ...httpEffects, sleep: async (ms: number) => void waits.push(ms) }
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
