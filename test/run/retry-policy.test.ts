import { describe, expect, test } from 'vitest'
import { makeProblem, ProblemError } from '../../src/core/problem.ts'
import { decideRetry, isAway } from '../../src/run/retry-policy.ts'
import { connectProblem } from '../../src/warehouse/connect-problem.ts'
import { statementError } from '../../src/warehouse/server-error.ts'

const target = {
  name: 'dev',
  type: 'postgres',
  engine: 'postgres',
  schema: 's',
  database: 'd',
  host: 'h',
  port: 1,
  user: 'u',
  threads: 1,
} as const
const said = (code: string, message = 'words') =>
  Object.assign(new Error(message), { severity: 'ERROR', code })
const refused = (code: string, message?: string) => statementError(said(code, message), 'select 1', 'server')
const unconnected = (cause: Error) => new ProblemError(connectProblem(cause, target), { cause })
const network = (code: string) => Object.assign(new Error(code), { code })
const pauseOf = (error: unknown, attempt = 1, spec = { retries: 3 }, who = 'a') =>
  decideRetry(error, attempt, spec, who)?.pauseMs ?? null

describe('what is tried again', () => {
  test.each([
    ['serialization_failure', refused('40001'), 100],
    ['deadlock_detected', refused('40P01'), 100],
    ['lock_not_available', refused('55P03'), 100],
    ['connection_failure', refused('08006'), 1000],
    ['admin_shutdown', refused('57P01'), 1000],
    ['crash_shutdown', refused('57P02'), 1000],
    ['cannot_connect_now', unconnected(said('57P03')), 1000],
    ['a connection that is reset', statementError(network('ECONNRESET'), '', 'server'), 1000],
    ['a connection that is refused', unconnected(network('ECONNREFUSED')), 1000],
    ['a socket that is not there', unconnected(network('ENOENT')), 1000],
    ['what ended', statementError(new Error('Connection terminated unexpectedly'), '', 'server'), 1000],
    ['a connection that a worker lost', new ProblemError(makeProblem('warehouse-lost', 'gone')), 1000],
    ['too_many_connections', unconnected(said('53300')), 2000],
    [
      'something wrapped',
      new ProblemError(makeProblem('publish-refused', 'x'), { cause: refused('40P01') }),
      100,
    ],
  ])('%s', (_name, error, firstMs) => {
    const pauseMs = pauseOf(error)
    expect(pauseMs).toBeGreaterThanOrEqual(firstMs / 2)
    expect(pauseMs).toBeLessThan(firstMs * 1.5)
    expect(isAway(error)).toBe(firstMs > 100)
  })

  test.each([
    ['syntax_error', refused('42601')],
    ['division_by_zero', refused('22012')],
    ['unique_violation', refused('23505')],
    ['query_canceled', refused('57014', 'canceling statement due to statement timeout')],
    ['disk_full', refused('53100')],
    ['database_dropped', refused('57P04')],
    ['a database that is not there', unconnected(said('3D000'))],
    ['a password that is wrong', unconnected(said('28P01'))],
    ['a file that is not there', network('ENOENT')],
    ['a problem of ours', new ProblemError(makeProblem('contract-broken', 'x'))],
    ['a mistake in the program', new TypeError('undefined is not a function')],
    ['nothing that is an error', 'words'],
  ])('but not %s', (_name, error) => {
    expect(pauseOf(error)).toBeNull()
    expect(isAway(error)).toBe(false)
  })
})

describe('how often and when', () => {
  const error = refused('40P01', 'deadlock detected')

  test('as often as is said, each time after three times as long, give or take', () => {
    expect(decideRetry(error, 1, { retries: 3 }, 'a')?.reason).toBe('deadlock detected')
    expect(pauseOf(error, 4)).toBeNull()
    expect(pauseOf(error, 1, { retries: 0 })).toBeNull()
    for (const attempt of [1, 2, 3]) {
      const usual = 100 * 3 ** (attempt - 1)
      expect(pauseOf(error, attempt)).toBeGreaterThanOrEqual(usual / 2)
      expect(pauseOf(error, attempt)).toBeLessThan(usual * 1.5)
    }
    expect(pauseOf(error, 9, { retries: 9 })).toBeLessThanOrEqual(90_000)
  })

  test('as a node says', () => {
    const pauseMs = pauseOf(error, 2, { retries: 3, delayMs: 10 } as { retries: number })
    expect(pauseMs).toBeGreaterThanOrEqual(15)
    expect(pauseMs).toBeLessThan(45)
  })

  test('the same each time for one who tries, and spread over those who do', () => {
    const pauses = Array.from(
      { length: 200 },
      (_, index) => pauseOf(error, 1, { retries: 1 }, `node ${index}`)!,
    )
    expect(pauseOf(error, 1, { retries: 1 }, 'node 7')).toBe(pauses[7])
    expect(Math.min(...pauses)).toBeLessThan(55)
    expect(Math.max(...pauses)).toBeGreaterThan(145)
    expect(new Set(pauses).size).toBeGreaterThan(50)
  })
})
