import { makeProblem, type Problem, ProblemError } from '../core/problem.ts'

/*
 * What a server or the network said, as data. Statements that fail throw a ServerError, whose position lets
 * a caller point into the text that it sent; what stops all work (lost connection, full disk) is a problem.
 */

/**
 * retryable: another try may succeed (deadlock, lock timeout, serialisation) · lost: the connection is gone
 * auth: user or password refused · disk_full · cancelled: by us, by a timeout or by an administrator
 * sql: the statement itself is at fault
 */
export type FailureKind = 'retryable' | 'lost' | 'auth' | 'disk_full' | 'cancelled' | 'sql'

export interface ServerFailure {
  readonly kind: FailureKind
  readonly sqlstate?: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  /** Offset from 0 into the text that was sent. */
  readonly position?: number
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  /** The context of the error: functions that were running, the line of a COPY. */
  readonly where?: string
}

/** A statement that the server refused. */
export class ServerError extends Error {
  readonly failure: ServerFailure
  readonly sentText: string

  constructor(failure: ServerFailure, sentText: string, options?: ErrorOptions) {
    super(failure.message, options)
    this.name = 'ServerError'
    this.failure = failure
    this.sentText = sentText
  }
}

/** The server ends the connection, or Citus lost one of its own; 08P01 is a message that it did not understand. */
const lostStates = /^(08(?!P01)|57P0[1-5])/
const retryableStates = new Set(['40001', '40P01', '55P03', '58030', '55006'])
const diskFullStates = new Set(['53100'])
const authStates = /^28/

/** Reads what pg throws; anything that did not come from the server is taken as a lost connection. */
export function failureOf(error: unknown): ServerFailure {
  const raw = error as Record<string, unknown> & { message?: string }
  const message = raw?.message || String(raw?.['code'] ?? error)
  const text = (key: string) => {
    const value = raw?.[key]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const sqlstate = isServerMessage(raw) ? text('code') : undefined
  const position = Number(text('position'))
  return {
    kind: kindOf(sqlstate, message),
    message,
    ...(sqlstate && { sqlstate }),
    ...pick({ detail: text('detail'), hint: text('hint'), where: text('where') }),
    ...pick({ schema: text('schema'), table: text('table') }),
    ...pick({ column: text('column'), constraint: text('constraint') }),
    ...(position > 0 && { position: position - 1 }),
  }
}

/** Server messages carry a severity and a five-character code; errors of the network do not. */
function isServerMessage(raw: Record<string, unknown>): boolean {
  return typeof raw?.['severity'] === 'string' && typeof raw['code'] === 'string'
}

function kindOf(sqlstate: string | undefined, message: string): FailureKind {
  if (sqlstate === undefined) return 'lost'
  if (diskFullStates.has(sqlstate) || /No space left on device/i.test(message)) return 'disk_full'
  if (sqlstate === '57014') return 'cancelled'
  if (lostStates.test(sqlstate)) return 'lost'
  if (authStates.test(sqlstate)) return 'auth'
  if (retryableStates.has(sqlstate)) return 'retryable'
  // Citus reports a worker that went away with the catch-all code.
  if (sqlstate === 'XX000' && message.includes('server closed the connection')) return 'retryable'
  return 'sql'
}

/** What a server or the network said that an error stands for, however it was put to people; null where nobody did. */
export function failureBehind(error: unknown): ServerFailure | null {
  const chain = causesOf(error)
  const refused = chain.find((one) => one instanceof ServerError)
  if (refused) return refused.failure
  const raw = chain.find((one) => isServerMessage(propertiesOf(one)) || isOfNetwork(one))
  if (raw) return failureOf(raw)
  // What comes from a worker thread tells nothing more.
  const lost = chain.find((one) => one instanceof ProblemError && one.problems.some(isAboutConnection))
  return lost ? { kind: 'lost', message: lost.message } : null
}

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
])
const mostCauses = 10

function causesOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && chain.length < mostCauses; at = at.cause) chain.push(at)
  return chain
}

function propertiesOf(error: Error): Record<string, unknown> {
  return error as unknown as Record<string, unknown>
}

function isOfNetwork(error: Error): boolean {
  return networkCodes.has(String(propertiesOf(error)['code']))
}

function isAboutConnection({ code }: Problem): boolean {
  return code === 'warehouse-lost' || code === 'warehouse-unreachable'
}

function pick<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string
  }
}

/**
 * Where in a part of the sent text the server points: the part is a compiled model, say, that was wrapped
 * in a CREATE TABLE. Undefined when the position is elsewhere.
 */
export function positionWithin(error: ServerError, part: string): number | undefined {
  const { position } = error.failure
  const start = error.sentText.indexOf(part)
  if (position === undefined || start < 0) return undefined
  const offset = codePointOffset(error.sentText, position) - start
  return offset >= 0 && offset <= part.length ? offset : undefined
}

/** Postgres counts characters, JavaScript UTF-16 units. */
function codePointOffset(text: string, characters: number): number {
  let offset = 0
  for (let count = 0; count < characters && offset < text.length; count++) {
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1
  }
  return offset
}

/** The server's message with its detail and hint, as several lines. */
export function describeFailure(failure: ServerFailure): string {
  return [failure.message, failure.detail, failure.hint].filter(Boolean).join('\n')
}

/** The error that a statement's failure becomes: problems for what stops all work, ServerError for the rest. */
export function statementError(error: unknown, sentText: string, server: string): Error {
  if (error instanceof ServerError || error instanceof ProblemError) return error
  const failure = failureOf(error)
  const cause = new ServerError(failure, sentText, { cause: error })
  switch (failure.kind) {
    case 'disk_full':
      return new ProblemError(diskFull(failure), { cause })
    case 'lost':
      return new ProblemError(lost(failure, server), { cause })
    default:
      return cause
  }
}

function diskFull(failure: ServerFailure): Problem {
  return makeProblem(
    'warehouse-disk-full',
    `the database server has no disk space left: ${failure.message}`,
    {
      hint: 'free some space on the disk of the server and run again; nothing of this run was published',
    },
  )
}

function lost(failure: ServerFailure, server: string): Problem {
  return makeProblem('warehouse-lost', `the connection to ${server} was lost: ${failure.message}`, {
    hint: 'see whether the server is up (`estimand db status`, or its log) and run again',
  })
}

/** Whether the connection is gone. */
export function isLost(error: Error): boolean {
  return error instanceof ProblemError && error.problems.some(({ code }) => code === 'warehouse-lost')
}
