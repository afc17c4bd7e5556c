import { expect, test } from 'vitest'
import type { ProblemError } from '../../src/core/problem.ts'
import { ServerError, type Session, sql, unsafeSql } from '../../src/warehouse/index.ts'
import { useWarehouse } from './test-database.ts'

const warehouse = useWarehouse({ threads: 1 })

const inTransaction = <T>(body: (session: Session) => Promise<T>): Promise<T> =>
  warehouse().withSession((session) => session.transaction(() => body(session)))

const failureOf = (action: Promise<unknown>): Promise<unknown> =>
  action.then(
    () => undefined,
    (reason: unknown) => reason,
  )

test('statements that run together run in their order, however many, and may give rows', async () => {
  const inserts = Array.from({ length: 450 }, (_, n) =>
    unsafeSql(`insert into public.batch select count(*) from public.batch having count(*) = ${n}`),
  )
  await inTransaction(async (session) => {
    await session.runAll([sql`create table public.batch (n int)`, sql`select 1 as one`, ...inserts])
    expect((await session.query(sql`select max(n) as last from public.batch`)).rows).toEqual([{ last: 449 }])
    await session.runAll([])
  })
})

test('the one that fails is known, what comes after it does not run, and the session goes on', async () => {
  await inTransaction(async (session) => {
    await session.runAll([sql`create table public.attempts (n int)`, sql`savepoint before`])
    const error = await failureOf(
      session.runAll([
        sql`insert into public.attempts values (1)`,
        sql`insert into public.nowhere values (2)`,
        sql`insert into public.attempts values (3)`,
      ]),
    )
    expect(error).toBeInstanceOf(ServerError)
    expect((error as ServerError).sentText).toBe('insert into public.nowhere values (2)')
    expect((error as ServerError).failure).toMatchObject({ kind: 'sql', sqlstate: '42P01', position: 12 })
    await session.query(sql`rollback to savepoint before`)
    await session.runAll([sql`insert into public.attempts values (4)`])
  })
  expect((await warehouse().query(sql`select n from public.attempts`)).rows).toEqual([{ n: 4 }])
})

test('a failure within is a failure of the transaction', async () => {
  const failing = inTransaction((session) =>
    session.runAll([sql`create table public.undone (n int)`, sql`select nonsense`]),
  )
  await expect(failing).rejects.toThrow('column "nonsense" does not exist')
  const { rows } = await warehouse().query(sql`select to_regclass('public.undone') as found`)
  expect(rows).toEqual([{ found: null }])
})

test('they need a transaction, and take no values', async () => {
  await warehouse().withSession(async (session) => {
    await expect(session.runAll([sql`select 1`])).rejects.toThrow('only within a transaction')
  })
  await expect(inTransaction((session) => session.runAll([sql`select ${1}`]))).rejects.toThrow('no values')
})

test('a connection that is cut off in the middle is lost', async () => {
  const error = await failureOf(
    inTransaction(async (session) => {
      const running = session.runAll([sql`select 1`, sql`select pg_sleep(60)`, sql`select 2`])
      // Together: the batch may fail before the server has answered the one that ended it.
      await Promise.all([
        running,
        warehouse().control.query(sql`select pg_terminate_backend(${session.processId})`),
      ])
    }),
  )
  expect((error as ProblemError).problems[0]!.code).toBe('warehouse-lost')
  expect((await warehouse().query(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
})
