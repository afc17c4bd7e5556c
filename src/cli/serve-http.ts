import { createServer, type IncomingMessage } from 'node:http'
import { type Answer, type Asked, answer, type EndpointEffects } from '../schedule/http-endpoints.ts'

const mostBytes = 1_000_000

/** Answers by HTTP until it is closed; gives the port, which the system chooses where 0 is asked for. */
export async function serveHttp(
  port: number,
  effects: EndpointEffects,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((request, response) => {
    void asked(request)
      .then((one) => (one ? answer(one, effects) : tooLong))
      .catch((): Answer => ({ status: 503, type: 'text/plain', body: 'not now\n' }))
      .then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body)
      })
  })
  server.requestTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const tooLong: Answer = { status: 413, type: 'text/plain', body: 'too long\n' }

async function asked(request: IncomingMessage): Promise<Asked | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > mostBytes) return null
    chunks.push(chunk as Buffer)
  }
  return {
    method: request.method ?? 'GET',
    path: (request.url ?? '/').split('?')[0]!,
    authorization: request.headers.authorization,
    body: Buffer.concat(chunks).toString(),
  }
}
