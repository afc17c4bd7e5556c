import { beforeAll, describe, expect, test, vi } from 'vitest'
import { ProblemError } from '../../src/core/problem.ts'
import { type Lease, type LeaseRequest, migrateStore, withLease } from '../../src/store/index.ts'
import { connectWarehouse, sql, type Warehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'

const database = useTestDatabase()

const requestOf = (...names: string[]): LeaseRequest => ({
  runId: null,
  project: 'shop',
  schema: 'analytics',
  command: 'build',
  startedBy: { host: 'laptop', user: 'ann', processId: 4711 },
  relations: names.map((identifier) => ({ schema: 'analytics', identifier })),
})

beforeAll(async () => {
  await withMany(1, ([one]) => migrateStore(one!.control))
})

async function withMany(count: number, body: (warehouses: Warehouse[]) => Promise<unknown>): Promise<void> {
  const warehouses: Warehouse[] = []
  try {
    for (let number = 1; number <= count; number++)
      warehouses.push(
        await connectWarehouse(database.connection, { threads: 2, applicationName: `run ${number}` }),
      )
    await body(warehouses)
  } finally {
    await Promise.all(warehouses.map((warehouse) => warehouse.close()))
  }
}

/** A lease that is held until it is let go. */
async function held(warehouse: Warehouse, request: LeaseRequest) {
  let letGo: () => void = () => {}
  const until = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let ended: Promise<void> = Promise.resolve()
  const lease = await new Promise<Lease>((resolve, reject) => {
    ended = withLease(warehouse, request, async (granted) => {
      resolve(granted)
      await until
    })
    ended.catch(reject)
  })
  return {
    lease,
    letGo: async () => {
      letGo()
      await ended
    },
  }
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProblemError)
  const [problem] = (error as ProblemError).problems
  return `${problem!.code}: ${problem!.message}`
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const isGranted = async (lease: Promise<unknown>, withinMs = 300) =>
  Promise.race([lease.then(() => true), sleep(withinMs).then(() => false)])

describe('leases', () => {
  test('on something that is the same are granted one after the other, and it is said who is before', async () => {
    await withMany(2, async ([one, two]) => {
      const first = await held(one!, requestOf('orders', 'customers'))
      const told: string[] = []
      const waiting = held(two!, {
        ...requestOf('orders', 'items'),
        onWaiting: (holders) => told.push(JSON.stringify(holders)),
      })
      expect(await isGranted(waiting)).toBe(false)
      expect(told).toHaveLength(1)
      expect(JSON.parse(told[0]!)).toMatchObject([
        {
          command: 'build',
          host: 'laptop',
          user: 'ann',
          processId: 4711,
          relations: ['analytics.orders'],
          isWaiting: false,
          isAlive: true,
        },
      ])
      await first.letGo()
      const second = await waiting
      expect(second.lease.token).toBeGreaterThan(first.lease.token)
      await second.letGo()
      expect((await one!.query(sql`select from estimand.leases`)).rowCount).toBe(0)
    })
  })

  test('on different things are granted at once, and so are those on nothing', async () => {
    await withMany(3, async ([one, two, three]) => {
      const leases = await Promise.all([
        held(one!, requestOf('orders')),
        held(two!, requestOf('items')),
        held(three!, requestOf()),
      ])
      for (const { letGo } of leases) await letGo()
    })
  })

  test('are granted in the order of asking: one that wants little does not overtake one that waits for much', async () => {
    await withMany(3, async ([one, two, three]) => {
      const first = await held(one!, requestOf('orders'))
      const second = held(two!, requestOf('orders', 'items'))
      await expect.poll(async () => (await one!.query(sql`select from estimand.leases`)).rowCount).toBe(2)
      const third = held(three!, requestOf('items'))
      expect(await isGranted(third)).toBe(false)
      await first.letGo()
      await (await second).letGo()
      await (await third).letGo()
    })
  })

  test('are waited for as long as was said, whatever the clock of the machine says meanwhile', async () => {
    await withMany(2, async ([one, two]) => {
      const first = await held(one!, requestOf('orders'))
      const waiting = held(two!, { ...requestOf('orders'), waitMs: 60_000 })
      try {
        expect(await isGranted(waiting)).toBe(false)
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
        expect(await isGranted(waiting, 1_500)).toBe(false)
      } finally {
        vi.useRealTimers()
        await first.letGo()
      }
      await (await waiting).letGo()
    })
  })

  test('are refused to one that may not wait, or not that long', async () => {
    await withMany(2, async ([one, two]) => {
      const first = await held(one!, requestOf('orders'))
      const refusal = await problemOf(withLease(two!, { ...requestOf('orders'), waitMs: 0 }, async () => {}))
      expect(refusal).toMatch(
        /^run-locked: .*"analytics": estimand build by ann on laptop, process 4711, since 20.* UTC; both publish analytics\.orders$/,
      )
      expect(
        await problemOf(withLease(two!, { ...requestOf('orders'), waitMs: 250 }, async () => {})),
      ).toContain('run-locked')
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      const { signal } = controller
      expect(await problemOf(withLease(two!, { ...requestOf('orders'), signal }, async () => {}))).toContain(
        'cancelled',
      )
      expect((await one!.query(sql`select from estimand.leases`)).rowCount).toBe(1)
      await first.letGo()
    })
  })

  test('are given back by a body that throws', async () => {
    await withMany(2, async ([one, two]) => {
      const broken = withLease(one!, requestOf('orders'), async () => {
        throw new Error('broken')
      })
      await expect(broken).rejects.toThrow('broken')
      await (await held(two!, { ...requestOf('orders'), waitMs: 0 })).letGo()
    })
  })

  test('of twenty at once on overlapping things never overlap in time', async () => {
    await withMany(20, async (warehouses) => {
      const atWork = new Map<string, number>()
      let most = 0
      await Promise.all(
        warehouses.map((warehouse, index) => {
          const names = [`t${index % 4}`, `t${(index + 1) % 4}`]
          return withLease(warehouse, requestOf(...names), async () => {
            for (const name of names) {
              const now = (atWork.get(name) ?? 0) + 1
              atWork.set(name, now)
              most = Math.max(most, now)
            }
            await sleep(5)
            for (const name of names) atWork.set(name, atWork.get(name)! - 1)
          })
        }),
      )
      expect(most).toBe(1)
    })
  })
})

/** As in a process that is stopped: nobody hears that the connection is lost. */
function paused(warehouse: Warehouse): Warehouse {
  const control = Object.create(warehouse.control, { onLost: { value: () => () => {} } })
  return { ...warehouse, control }
}

const terminate = (on: Warehouse, pid: number) => on.query(sql`select pg_terminate_backend(${pid})`)

describe('a holder whose connection is gone', () => {
  test('keeps nobody waiting, and what it left at work is ended', async () => {
    await withMany(3, async ([one, two, three]) => {
      const dead = await held(paused(one!), requestOf('orders'))
      const left = one!.query(sql`select pg_sleep(60)`).catch((error: Error) => error.message)
      await expect
        .poll(
          async () =>
            (
              await three!.query(
                sql`select from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()`,
              )
            ).rowCount,
        )
        .toBe(1)
      await terminate(three!, one!.control.processId)
      const next = await held(two!, requestOf('orders'))
      expect(await left).toMatch(/lost/)
      expect(await problemOf(dead.lease.hold())).toContain('run-superseded')
      await next.letGo()
      await dead.letGo()
    })
  })

  test('at its very end leaves nothing behind', async () => {
    await withMany(2, async ([one, two]) => {
      const first = await held(one!, requestOf('orders'))
      await terminate(two!, one!.control.processId)
      await first.letGo()
      expect(
        (await two!.query(sql`select from estimand.leases where token = ${first.lease.token}`)).rowCount,
      ).toBe(0)
    })
  })

  test('and whose place another took is remembered for a day', async () => {
    await withMany(1, async ([one]) => {
      const { rows } = await one!.query<{ token: number }>(sql`
        insert into estimand.leases
          (project, target_schema, command, host, os_user, process_id, relations, queued_at, superseded_by)
        select 'shop', 'analytics', 'build', 'laptop', 'ann', 4711, '{}', clock_timestamp() - age, 1
        from unnest(array[interval '25 hours', interval '23 hours']) as age
        returning token`)
      await withLease(one!, requestOf('orders'), async () => {})
      const left = await one!.query<{ token: number }>(
        sql`select token from estimand.leases where token = any(${rows.map(({ token }) => token)})`,
      )
      expect(left.rows).toEqual(rows.slice(1))
    })
  })

  test('gets it back when it comes back before anybody else wants it', async () => {
    await withMany(2, async ([one, two]) => {
      const first = await held(one!, requestOf('orders'))
      await terminate(two!, one!.control.processId)
      await expect.poll(() => isLocked(two!, first.lease.token)).toBe(true)
      await first.lease.hold()
      expect(
        await problemOf(withLease(two!, { ...requestOf('orders'), waitMs: 0 }, async () => {})),
      ).toContain('run-locked')
      await first.letGo()
    })
  })

  test('publishes nothing, writes nothing to the store, and begins no work once another has its place', async () => {
    await withMany(3, async ([one, two, three]) => {
      const old = await held(paused(one!), requestOf('orders'))
      await one!.query(sql`select 1`)
      await terminate(three!, one!.control.processId)
      const next = await held(two!, requestOf('orders'))
      const attempts = [
        () => one!.control.transaction(() => old.lease.fence(one!.control)),
        () => one!.query(sql`select 1`),
        () => one!.withSession((session) => session.transaction(() => old.lease.beginPublication(session))),
      ]
      for (const attempt of attempts)
        expect(await problemOf(attempt())).toMatch(/run-superseded|warehouse-lost/)
      await expect
        .poll(() => problemOf(one!.query(sql`select 1`)))
        .toMatch(/^run-superseded: .*another run took the place of this one/)
      await old.letGo()
      // What the old one does at its end leaves the new one its lease.
      await next.lease.hold()
      await next.letGo()
    })
  })

  test('in the middle of publishing is ended, and nothing of it stays', async () => {
    await withMany(3, async ([one, two, three]) => {
      await three!.query(sql`create table public.published (n int)`)
      const old = await held(paused(one!), requestOf('orders'))
      let inTheMiddle: () => void = () => {}
      const reached = new Promise<void>((resolve) => {
        inTheMiddle = resolve
      })
      let goOn: () => void = () => {}
      const stopped = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const publishing = one!.withSession((session) =>
        session.transaction(async () => {
          await old.lease.beginPublication(session)
          await session.query(sql`insert into public.published values (1)`)
          inTheMiddle()
          await stopped
        }),
      )
      publishing.catch(() => {})
      await reached
      await terminate(three!, one!.control.processId)
      const next = await held(two!, requestOf('orders'))
      goOn()
      expect(await problemOf(publishing)).toContain('warehouse-lost')
      expect((await three!.query(sql`select from public.published`)).rowCount).toBe(0)
      await next.letGo()
      await old.letGo()
    })
  })

  async function isLocked(on: Warehouse, token: number): Promise<boolean> {
    const { rowCount } = await on.query(
      sql`select from pg_locks where locktype = 'advisory' and objid = ${token}::oid and granted`,
    )
    return rowCount! > 0
  }
})
