import { expect, test } from 'vitest'
import { ProblemError } from '../../src/core/problem.ts'
import { failureOf, statementError } from '../../src/warehouse/server-error.ts'

const said = (code: string, message = 'words') => ({ severity: 'ERROR', code, message })

test.each([
  ['40001', 'retryable'],
  ['40P01', 'retryable'],
  ['55P03', 'retryable'],
  ['08006', 'lost'],
  ['57P01', 'lost'],
  ['08P01', 'sql'],
  ['28P01', 'auth'],
  ['53100', 'disk_full'],
  ['57014', 'cancelled'],
  ['42601', 'sql'],
  ['XX000', 'sql'],
])('sqlstate %s is %s', (code, kind) => {
  expect(failureOf(said(code)).kind).toBe(kind)
})

test('a worker of Citus that went away may be back; a full disk is one under any code', () => {
  expect(failureOf(said('XX000', 'server closed the connection unexpectedly')).kind).toBe('retryable')
  expect(failureOf(said('58030', 'could not write: No space left on device')).kind).toBe('disk_full')
})

test('what is no message of the server is a lost connection, and that and a full disk are problems', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  expect(failureOf(reset)).toEqual({ kind: 'lost', message: 'read ECONNRESET' })
  for (const [error, code] of [
    [reset, 'warehouse-lost'],
    [said('53100'), 'warehouse-disk-full'],
  ] as const) {
    const problem = statementError(error, 'select 1', 'the server')
    expect(problem).toBeInstanceOf(ProblemError)
    expect((problem as ProblemError).problems[0]!.code).toBe(code)
    expect(problem.cause).toBeInstanceOf(Error)
  }
})
