import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { type SQLQuery, sql, withWarehouse } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { compileProject, runCompiled, useProjectDatabase } from '../run/run-project.ts'
import { tell } from './seeded.ts'

/*
 * A reader polls two marts all through a hundred runs, in statements and in transactions, and what an increment and a
 * view of others say with them. It sees no mixture, ever. The runs are those of a small project over one connection, so
 * that there is time for a hundred of them whenever the tests run.
 */

const database = useProjectDatabase()
const runs = 100
const counts = { statements: 0, transactions: 0, seen: 0 }

afterAll(() =>
  tell(
    `two marts polled all through ${runs} runs: ${counts.statements} statements and ${counts.transactions} ` +
      `transactions, which saw ${counts.seen} of the runs and no mixture`,
  ),
)

const table = (name: string) => sql.ident('analytics', name)
const marts: Readonly<Record<string, SQLQuery>> = {
  by_day: sql`(select max(night) from ${table('by_day')})`,
  by_country: sql`(select min(night) from ${table('by_country')})`,
  nights: sql`(select count(*)::int from ${table('nights')})`,
  report: sql`(select night from bi.report)`,
}

test(
  'a reader of two marts sees no mixture all through a hundred runs',
  () =>
    withProject(
      {
        'project.yml': projectFile,
        'models/by_day.sql':
          "{{ config(materialized='table') }} select night, day from raw.night, generate_series(1, 20) day",
        'models/by_country.sql':
          "{{ config(materialized='table') }} select night, count(*) as days from {{ ref('by_day') }} group by 1",
        'models/nights.sql':
          "{{ config(materialized='incremental') }} select night from {{ ref('by_country') }}",
      },
      async (root) => {
        await database.rows(sql`create schema raw`)
        await database.rows(sql`create table raw.night as select 0 as night`)
        const compiled = await compileProject(root, database.connection, {
          env: { DATABASE_URL: database.url },
        })
        await withWarehouse(
          database.connection,
          { threads: 3, applicationName: 'runs' },
          async (warehouse) => {
            const run = async (): Promise<void> => {
              await database.rows(sql`update raw.night set night = night + 1`)
              const { result } = await runCompiled(root, compiled, database.connection, warehouse, {
                threads: 3,
              })
              expect(result).toMatchObject({ status: 'success', published: true, problems: [] })
            }
            await run()
            await database.rows(sql`create schema bi`)
            await database.rows(
              sql`create view bi.report as select max(night) as night from ${table('by_day')}`,
            )
            const readers = poll()
            try {
              for (let number = 2; number <= runs && readers.isAlive(); number++) await run()
            } finally {
              await readers.stop()
            }
          },
        )
        expect(counts.seen).toBeGreaterThan(runs * 0.8)
        expect(counts.statements + counts.transactions).toBeGreaterThan(5 * runs)
      },
    ),
  300_000,
)

/** Readers that look at the marts again and again until they are stopped; one that sees a mixture ends them. */
function poll() {
  let isOver = false
  const seen = new Set<number>()
  const look = (nights: readonly number[]): void => {
    expect(new Set(nights).size, `a reader saw the nights ${nights}`).toBe(1)
    seen.add(nights[0]!)
  }
  const options = { threads: 1, applicationName: 'reader' }
  const reading = withWarehouse(database.connection, { ...options, threads: 2 }, async (warehouse) => {
    const inStatements = async (): Promise<void> => {
      for (; !isOver; counts.statements++) {
        const { rows } = await warehouse.query<{ nights: number[] }>(
          sql`select array[${sql.join(Object.values(marts), ', ')}] as nights`,
        )
        look(rows[0]!.nights)
        await sleep(5)
      }
    }
    const inTransactions = async (): Promise<void> => {
      for (; !isOver; counts.transactions++) {
        const order = Object.values(marts)
        const from = counts.transactions % order.length
        const nights = await warehouse.withSession((session) =>
          session.transaction(async () => {
            const found: number[] = []
            for (const mart of [...order.slice(from), ...order.slice(0, from)])
              found.push(
                (await session.query<{ night: number }>(sql`select ${mart} as night`)).rows[0]!.night,
              )
            return found
          }),
        )
        look(nights)
        await sleep(5)
      }
    }
    await Promise.all([inStatements(), inTransactions()])
  })
  reading.catch(() => {
    isOver = true
  })
  return {
    isAlive: () => !isOver,
    stop: async () => {
      isOver = true
      await reading
      counts.seen = seen.size
    },
  }
}
