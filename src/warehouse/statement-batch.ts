import type pg from 'pg'

/*
 * Statements that go out together: each in a message of its own, and at the end one that asks for the answers. The
 * server runs them in turn and, at the first that fails, leaves the rest; what fails is known by how many came
 * through. It saves a round trip for each, which costs more than moving a table.
 */

/** What the client calls while its answers come in; see the protocol of PostgreSQL, "Extended Query". */
export interface StatementBatch extends pg.Submittable {
  /** Fulfilled when all have run; rejected with a `BatchFailure`. */
  readonly done: Promise<void>
}

/** Why a batch came to nothing. */
export class BatchFailure extends Error {
  /** The text of the statement that failed. */
  readonly text: string

  constructor(text: string, cause: unknown) {
    super('a statement of a batch failed', { cause })
    this.name = 'BatchFailure'
    this.text = text
  }
}

/** The part of pg's connection that sends messages; its types leave it out. */
interface MessageSender {
  sync(): void
  readonly stream: { write(bytes: Buffer): unknown; cork?(): void; uncork?(): void }
}

/** A batch of statements without values, whose rows nobody wants. */
export function makeStatementBatch(texts: readonly string[]): StatementBatch {
  let completed = 0
  let settle: { readonly resolve: () => void; readonly reject: (reason: Error) => void }
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const oneMore = () => {
    completed++
  }
  const ignore = () => {}
  const handlers = {
    handleCommandComplete: oneMore,
    handleEmptyQuery: oneMore,
    handleRowDescription: ignore,
    handleDataRow: ignore,
    handlePortalSuspended: ignore,
    handleCopyData: ignore,
    handleCopyInResponse: (connection: { sendCopyFail(reason: string): void }) =>
      connection.sendCopyFail('a batch has no rows to send'),
    handleError: (error: unknown) => settle.reject(new BatchFailure(texts[completed] ?? '', error)),
    handleReadyForQuery: () => settle.resolve(),
  }
  return { ...handlers, done, submit: (connection) => send(connection as unknown as MessageSender, texts) }
}

/** In one write: what the stream would do with each message costs as much as the server needs for it. */
function send(connection: MessageSender, texts: readonly string[]): null {
  connection.stream.cork?.()
  try {
    connection.stream.write(messagesOf(texts))
    connection.sync()
  } finally {
    connection.stream.uncork?.()
  }
  return null
}

/** Bind without values and Execute to the end, of the unnamed statement: the same for every one of them. */
const bindAndExecute = Buffer.concat([
  Buffer.from('B\0\0\0\x0c\0\0\0\0\0\0\0\0', 'latin1'),
  Buffer.from('E\0\0\0\x09\0\0\0\0\0', 'latin1'),
])

/** Around the text of a Parse: its letter, its length and no name before, the end of the text and no types after. */
const parseFrame = { before: 6, after: 3 }

/** The messages as they go over the wire. pg would make them one by one, in eight times as long. */
function messagesOf(texts: readonly string[]): Buffer {
  const sizes = texts.map((text) => Buffer.byteLength(text))
  const frame = parseFrame.before + parseFrame.after + bindAndExecute.length
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, frame * texts.length))
  let at = 0
  for (const [index, text] of texts.entries()) {
    const size = sizes[index]!
    bytes.write('P', at, 'latin1')
    // The letter does not count.
    bytes.writeInt32BE(size + parseFrame.before + parseFrame.after - 1, at + 1)
    bytes.write(text, at + parseFrame.before)
    at += parseFrame.before + size + parseFrame.after
    at += bindAndExecute.copy(bytes, at)
  }
  return bytes
}
