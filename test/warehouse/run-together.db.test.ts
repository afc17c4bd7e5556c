import { expect, test } from 'vitest'
import { type ServerError, sql, unsafeSql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase, useWarehouse } from './test-database.ts'

const warehouse = useWarehouse({ threads: 2 })
const database = useTestDatabase()

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

async function transactionsOf(table: string): Promise<number> {
  const { rows } = await warehouse().query<{ n: number }>(
    unsafeSql(`select count(distinct xmin::text) as n from ${table}`),
  )
  return rows[0]!.n
}

test('statements that are asked for at the same time share transactions', async () => {
  await warehouse().query(sql`create table public.shared (n int)`)
  const inserts = numbers(100).map((n) =>
    warehouse().runTogether(unsafeSql(`insert into public.shared values (${n})`)),
  )
  await Promise.all(inserts)
  expect((await warehouse().query(sql`select count(*) as n from public.shared`)).rows).toEqual([{ n: 100 }])
  expect(await transactionsOf('public.shared')).toBeLessThan(20)
})

test('one that fails takes no other along, and says where in its own text', async () => {
  await warehouse().query(sql`create table public.apart (n int)`)
  const ends = await Promise.allSettled(
    numbers(20).map((n) =>
      warehouse().runTogether(
        unsafeSql(
          n % 7 === 3 ? 'insert into public.apart select nope' : `insert into public.apart values (${n})`,
        ),
      ),
    ),
  )
  expect(ends.map(({ status }) => status === 'rejected')).toEqual(numbers(20).map((n) => n % 7 === 3))
  const { failure } = (ends[3] as PromiseRejectedResult).reason as ServerError
  expect(failure).toMatchObject({ message: 'column "nope" does not exist', position: 32 })
  expect((await warehouse().query(sql`select count(*) as n from public.apart`)).rows).toEqual([{ n: 17 }])
})

test('who asks one after the other is served each time, also while a session is being given back', async () => {
  await warehouse().query(sql`create table public.chained (n int)`)
  const chain = async (name: number) => {
    for (const step of numbers(30))
      await warehouse().runTogether(unsafeSql(`insert into public.chained values (${name * 100 + step})`))
  }
  await Promise.all(numbers(5).map(chain))
  expect((await warehouse().query(sql`select count(*) as n from public.chained`)).rows).toEqual([{ n: 150 }])
})

test('without a connection all of them fail, and the next ones work again', async () => {
  const options = { threads: 1, applicationName: 'estimand together' }
  await withWarehouse(database.connection, options, async (other) => {
    const pids = sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'estimand together' and query like '%sleep%' and pid <> pg_backend_pid()`
    const running = Promise.allSettled([
      other.runTogether(sql`select pg_sleep(30)`),
      other.runTogether(sql`select 1`),
    ])
    await expect.poll(async () => (await warehouse().control.query(pids)).rowCount).toBe(1)
    expect((await running).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await other.runTogether(sql`select 1`)
  })
})
