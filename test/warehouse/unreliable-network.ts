import { createServer, type Server, type Socket, connect as toServer } from 'node:net'

/*
 * A network between a run and its server that can be cut: a proxy that forwards everything until it is told not to.
 */

export interface UnreliableNetwork {
  readonly port: number
  /** Cuts every connection; `halfOpen` leaves the server's side as it is, so that it does not know. */
  cut(options?: { readonly halfOpen?: boolean }): void
  /** Lets no connection come about until it is mended. */
  refuse(): void
  mend(): Promise<void>
  /** Cuts a connection after it has sent messages that hold these texts, before the answer to the last comes back. */
  cutAnswerTo(...texts: readonly string[]): void
  /** Does something once a client has sent a text and so many bytes after it; `cut` ends its connection. */
  after(text: string, bytes: number, act: (cut: () => void) => void): void
  close(): Promise<void>
}

interface Plan {
  readonly text: string
  readonly bytes: number
  readonly act: (cut: () => void) => void
}

interface Line {
  readonly client: Socket
  readonly server: Socket
}

/** Starts a network to a server on this machine. */
export async function makeUnreliableNetwork(serverPort: number): Promise<UnreliableNetwork> {
  const lines = new Set<Line>()
  let awaited: readonly string[] = []
  let plan: Plan | undefined
  const accept = (client: Socket): void => {
    const server = toServer(serverPort, '127.0.0.1')
    const line = { client, server }
    let isDeaf = false
    let heard = 0
    let sentSince: number | undefined
    lines.add(line)
    const drop = (): void => {
      lines.delete(line)
      client.destroy()
      server.destroy()
    }
    client.on('data', (chunk) => {
      if (heard < awaited.length && chunk.includes(awaited[heard]!)) heard++
      if (awaited.length > 0 && heard === awaited.length) {
        awaited = []
        isDeaf = true
      }
      server.write(chunk)
      if (!plan) return
      if (sentSince !== undefined) sentSince += chunk.length
      else if (chunk.includes(plan.text)) sentSince = 0
      if (sentSince === undefined || sentSince < plan.bytes) return
      const { act } = plan
      plan = undefined
      act(() => {
        client.resetAndDestroy()
        server.resetAndDestroy()
      })
    })
    server.on('data', (chunk) => {
      if (isDeaf) client.destroy()
      else client.write(chunk)
    })
    for (const socket of [client, server]) socket.on('error', () => {})
    client.on('end', drop)
    server.on('close', drop)
  }
  let listener = await listen(accept, 0)
  const port = portOf(listener)
  return {
    port,
    cut({ halfOpen = false } = {}) {
      for (const { client, server } of [...lines]) {
        client.resetAndDestroy()
        if (!halfOpen) server.destroy()
      }
    },
    refuse: () => void listener.close(),
    async mend() {
      listener = await listen(accept, port)
    },
    cutAnswerTo(...texts) {
      awaited = texts
    },
    after(text, bytes, act) {
      plan = { text, bytes, act }
    },
    async close() {
      for (const { client, server } of [...lines]) {
        client.destroy()
        server.destroy()
      }
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

function listen(accept: (socket: Socket) => void, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(accept)
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}
