import { once } from 'node:events'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/core/problem.ts'
import {
  connectWarehouse,
  positionWithin,
  ServerError,
  type Session,
  type SQLQuery,
  sql,
  sqlLiteral,
  unsafeSql,
  withWarehouse,
} from '../../src/warehouse/index.ts'
import { useTestDatabase, useWarehouse } from './test-database.ts'

const warehouse = useWarehouse({ threads: 3 })

async function thrown(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`)
    },
    (reason: unknown) => reason,
  )
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  const error = await thrown(action)
  expect(error).toBeInstanceOf(ProblemError)
  return (error as ProblemError).problems[0]!.code
}

const terminate = (pid: number) => warehouse().control.query(sql`select pg_terminate_backend(${pid})`)

describe('a session', () => {
  const database = useTestDatabase()

  test('takes on the role and search path that a target names', async () => {
    await withWarehouse(database.connection, { threads: 1, applicationName: 'estimand test' }, (plain) =>
      plain.query(sql`create role shop_builder`),
    )
    const connection = { ...database.connection, role: 'shop_builder', searchPath: 'shop, public' }
    const seen = await withWarehouse(
      connection,
      { threads: 1, applicationName: 'estimand test' },
      (builder) =>
        builder.query(sql`select current_user::text as role, current_setting('search_path') as path`),
    )
    expect(seen.rows).toEqual([{ role: 'shop_builder', path: 'shop, public' }])
    await withWarehouse(database.connection, { threads: 1, applicationName: 'estimand test' }, (plain) =>
      plain.query(sql`drop role shop_builder`),
    )
  })
})

describe('values', () => {
  test('come as exact numbers or as text, never rounded and never in local time', async () => {
    const { rows } = await warehouse().query(sql`
      select
        9007199254740991::int8 as safe, 9007199254740993::int8 as unsafe, 0.1::numeric(5, 2) as numeric,
        0.1::float8 as float8, 'nan'::float8 as nan, true as bool, date '2024-02-29' as date,
        timestamptz '2024-02-29 12:00:00.123456+02' as at, interval '1 day 2 hours' as span,
        '{"a": [1]}'::jsonb as json, array[1, 2]::int8[] as numbers, array['a', null, 'b,"c'] as texts,
        array[1.5]::numeric[] as numerics, '\\x00ff'::bytea as bytes, null::int as nothing`)
    expect(rows).toEqual([
      {
        safe: 9007199254740991,
        unsafe: '9007199254740993',
        numeric: '0.10',
        float8: 0.1,
        nan: Number.NaN,
        bool: true,
        date: '2024-02-29',
        at: '2024-02-29 10:00:00.123456+00',
        span: '1 day 02:00:00',
        json: { a: [1] },
        numbers: [1, 2],
        texts: ['a', null, 'b,"c'],
        numerics: ['1.5'],
        bytes: Buffer.from([0, 255]),
        nothing: null,
      },
    ])
  })

  test('go in as parameters, and names and constants are quoted', async () => {
    const name = `we"ird; drop`
    const { rows } = await warehouse().query(sql`
      select ${`it's`}::text as ${sql.ident(name)}, ${sqlLiteral(`o'br\\ien`)} as constant`)
    expect(rows).toEqual([{ [name]: `it's`, constant: `o'br\\ien` }])
    await expect(warehouse().query(sql`select 1 as ${sql.ident('ä'.repeat(32))}`)).rejects.toThrow('63 bytes')
  })

  test('a model of several lines is sent exactly as it is', async () => {
    const model = `  select 'a\n    b' as text`
    const { rows } = await warehouse().query(sql`    select * from (\n${unsafeSql(model)}\n) as model`)
    expect(rows).toEqual([{ text: 'a\n    b' }])
  })
})

describe('errors', () => {
  test('point into the text of the model, whatever stands around and before', async () => {
    const model = `select '😀é' as ok,\n  nope\nfrom (select 1) as x`
    const error = await thrown(warehouse().query(sql`create table t as\n${unsafeSql(model)}`))
    expect(error).toBeInstanceOf(ServerError)
    const { failure } = error as ServerError
    expect(failure).toMatchObject({ kind: 'sql', sqlstate: '42703', message: 'column "nope" does not exist' })
    expect(positionWithin(error as ServerError, model)).toBe(model.indexOf('nope'))
    expect(positionWithin(error as ServerError, 'another text')).toBeUndefined()
  })

  test('name table, column and constraint', async () => {
    await warehouse().query(
      sql`create table public.strict (id int constraint strict_id check (id > 0), name text not null)`,
    )
    expect(
      ((await thrown(warehouse().query(sql`insert into public.strict values (0, 'x')`))) as ServerError)
        .failure,
    ).toMatchObject({ sqlstate: '23514', table: 'strict', constraint: 'strict_id', schema: 'public' })
    expect(
      ((await thrown(warehouse().query(sql`insert into public.strict values (1)`))) as ServerError).failure,
    ).toMatchObject({ sqlstate: '23502', column: 'name' })
  })

  test('two statements in one message are refused', async () => {
    await expect(warehouse().query(sql`select 1; select 2`)).rejects.toThrow('multiple commands')
  })

  test('a statement timeout is not a cancelled run', async () => {
    const error = await thrown(
      warehouse().withSession(async (session) => {
        await session.transaction(async () => {
          await session.query(sql`set local statement_timeout = 50`)
          await session.query(sql`select pg_sleep(5)`)
        })
      }),
    )
    expect((error as ServerError).failure.kind).toBe('cancelled')
  })
})

describe('transactions', () => {
  test('keep everything or nothing', async () => {
    await warehouse().query(sql`create table public.kept (n int)`)
    await warehouse().withSession(async (session) => {
      await session.transaction(() => session.query(sql`insert into public.kept values (1)`))
      const failing = session.transaction(async () => {
        await session.query(sql`insert into public.kept values (2)`)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
    })
    expect((await warehouse().query(sql`select n from public.kept`)).rows).toEqual([{ n: 1 }])
  })

  test('with a failure that was swallowed do not pass for committed', async () => {
    const swallowed = warehouse().withSession((session) =>
      session.transaction(async () => {
        await session.query(sql`select nonsense`).catch(() => {})
      }),
    )
    await expect(swallowed).rejects.toThrow('a statement of the transaction had failed')
  })

  test('that a body leaves open by hand do not leak into the next', async () => {
    const one = await connectWarehouse(warehouse2.connection, { threads: 1, applicationName: 'leak' })
    try {
      await one.withSession(async (session) => {
        await session.query(sql`begin`)
        await session.query(sql`create table public.left_open (n int)`)
      })
      const { rows } = await one.query(sql`select to_regclass('public.left_open') as found`)
      expect(rows).toEqual([{ found: null }])
    } finally {
      await one.close()
    }
  })
})

const warehouse2 = useTestDatabase()

const activity = (query: SQLQuery) => warehouse().control.query<{ pid: number }>(query)

describe('connections', () => {
  test('as many as threads work at once, and the rest wait', async () => {
    let most = 0
    let now = 0
    await Promise.all(
      Array.from({ length: 8 }, () =>
        warehouse().withSession(async (session) => {
          most = Math.max(most, ++now)
          await session.query(sql`select pg_sleep(0.02)`)
          now--
        }),
      ),
    )
    expect(most).toBe(3)
  })

  test('that are said to be needed are opened before, no more of them than threads, and used', async () => {
    const options = { threads: 3, applicationName: 'estimand prepared' }
    const pids = async () => {
      const { rows } = await activity(
        sql`select pid from pg_stat_activity where application_name = 'estimand prepared' order by pid`,
      )
      return rows.map(({ pid }) => pid)
    }
    await withWarehouse(warehouse2.connection, options, async (other) => {
      other.warmUp(2)
      other.warmUp(9)
      await expect.poll(async () => (await pids()).length).toBe(4)
      const before = await pids()
      await Promise.all(Array.from({ length: 6 }, () => other.query(sql`select pg_sleep(0.05)`)))
      expect(await pids()).toEqual(before)
    })
    await expect.poll(pids).toEqual([])
  })

  test('that were opened before and are not used are closed with the others', async () => {
    const options = { threads: 2, applicationName: 'estimand unused' }
    await withWarehouse(warehouse2.connection, options, async (other) => other.warmUp(2))
    const left = () => activity(sql`select from pg_stat_activity where application_name = 'estimand unused'`)
    await expect.poll(async () => (await left()).rowCount).toBe(0)
  })

  test('one that is cut while idle is replaced; one that is cut at work is a problem', async () => {
    const pid = await warehouse().withSession(async (session) => session.processId)
    await terminate(pid)
    await expect
      .poll(
        async () =>
          (await warehouse().control.query(sql`select from pg_stat_activity where pid = ${pid}`)).rowCount,
      )
      .toBe(0)
    // That the connection ended may reach us a moment after the server has forgotten it.
    const answers = () =>
      warehouse()
        .query(sql`select 1`)
        .then(
          () => true,
          () => false,
        )
    await expect.poll(answers).toBe(true)
    for (let i = 0; i < 4; i++) await warehouse().query(sql`select 1`)

    const code = await codeOf(
      warehouse().withSession(async (session) => {
        setTimeout(() => terminate(session.processId), 50)
        await session.query(sql`select pg_sleep(5)`)
      }),
    )
    expect(code).toBe('warehouse-lost')
    expect((await warehouse().query(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })

  test('cancelling stops what runs, and only that', async () => {
    const start = performance.now()
    const running = Promise.all([
      codeOf(warehouse().query(sql`select pg_sleep(20)`)),
      codeOf(
        warehouse().withSession(async (session) => {
          await session.query(sql`select pg_sleep(20)`).catch(() => {})
          await session.query(sql`select 'a body that goes on after being cancelled'`)
        }),
      ),
      codeOf(warehouse().withSession((session) => endlessCopy(session))),
    ])
    await new Promise((resolve) => setTimeout(resolve, 200))
    await warehouse().cancelAll()
    expect(await running).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(performance.now() - start).toBeLessThan(3000)
    expect((await warehouse().query(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })

  async function endlessCopy(session: Session): Promise<void> {
    await session.transaction(async () => {
      await session.query(sql`create table public.endless (n text)`)
      const sink = session.copyIn({ schema: 'public', identifier: 'endless' }, ['n'], { format: 'text' })
      for (;;) {
        await sink.write(Buffer.from('x\n'.repeat(10_000)))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })
  }

  test('a signal cancels, too', async () => {
    const controller = new AbortController()
    await withWarehouse(
      warehouse2.connection,
      { threads: 1, applicationName: 'signal', signal: controller.signal },
      async (other) => {
        const running = codeOf(other.query(sql`select pg_sleep(20)`))
        setTimeout(() => controller.abort(), 100)
        expect(await running).toBe('cancelled')
      },
    )
    expect(
      await codeOf(
        connectWarehouse(warehouse2.connection, {
          threads: 1,
          applicationName: 'late',
          signal: controller.signal,
        }),
      ),
    ).toBe('cancelled')
  })

  test('warnings of the server are passed on, and sessions carry a name', async () => {
    const notices: string[] = []
    const options = {
      threads: 1,
      applicationName: 'estimand run 1',
      onNotice: (notice: { message: string }) => notices.push(notice.message),
    }
    await withWarehouse(warehouse2.connection, options, async (other) => {
      await other.query(sql`do 'begin raise notice ''quiet''; raise warning ''loud''; end'`)
      expect((await other.query(sql`select current_setting('application_name') as name`)).rows).toEqual([
        { name: 'estimand run 1' },
      ])
    })
    expect(notices).toEqual(['loud'])
  })
})

describe('COPY', () => {
  const rows = { schema: 'public', identifier: 'copied' }

  test('takes CSV from a stream and gives it back', async () => {
    await warehouse().query(sql`create table public.copied (id int, name text)`)
    const taken = await warehouse().withSession(async (session) => {
      const sink = session.copyIn(rows, ['id', 'name'], {
        format: 'csv',
        header: true,
        delimiter: ';',
        nullText: 'NULL',
      })
      await pipeline(
        Readable.from([Buffer.from('id;name\n1;"a;b"\n2;NU'), Buffer.from('LL\n')]),
        sink.writable,
      )
      return sink.finish()
    })
    expect(taken).toEqual({ rows: 2, skippedLines: [] })
    const out = await warehouse().withSession((session) =>
      text(session.copyOut(sql`select * from public.copied order by id`, 'csv')),
    )
    expect(out).toBe('id,name\n1,a;b\n2,\n')
  })

  test('that meets bad data fails with the line, and the session works on', async () => {
    await warehouse().withSession(async (session) => {
      const sink = session.copyIn(rows, ['id'], { format: 'text' })
      const error = await thrown(
        (async () => {
          for (let i = 0; i < 200; i++)
            await sink.write(Buffer.from(i === 100 ? 'oops\n' : '7\n'.repeat(5000)))
          await sink.finish()
        })(),
      )
      expect(error).toBeInstanceOf(ServerError)
      expect((error as ServerError).failure).toMatchObject({
        sqlstate: '22P02',
        where: expect.stringContaining('COPY copied, line 500001'),
      })
      expect((await session.query(sql`select count(*) as n from public.copied`)).rows).toEqual([{ n: 2 }])
    })
  })

  test('that is aborted leaves nothing, and so does one that is forgotten', async () => {
    await warehouse().withSession(async (session) => {
      const sink = session.copyIn(rows, ['id'], { format: 'text' })
      await sink.write(Buffer.from('1\n2\n'))
      await expect(session.query(sql`select 1`)).rejects.toThrow('a COPY is under way')
      await sink.abort(new Error('changed my mind'))
      expect((await session.query(sql`select count(*) as n from public.copied`)).rows).toEqual([{ n: 2 }])
    })
    for (let i = 0; i < 3; i++) {
      await warehouse().withSession(async (session) => {
        await session.copyIn(rows, ['id'], { format: 'text' }).write(Buffer.from('3\n'))
      })
    }
    expect((await warehouse().query(sql`select count(*) as n from public.copied`)).rows).toEqual([{ n: 2 }])
  })

  test('whose table is missing says so', async () => {
    const error = await thrown(
      warehouse().withSession(async (session) => {
        const sink = session.copyIn({ schema: 'public', identifier: 'missing' }, [], { format: 'binary' })
        await sink.write(Buffer.from('PGCOPY'))
        await sink.finish()
      }),
    )
    expect((error as ServerError).failure.sqlstate).toBe('42P01')
  })

  test('whose connection is cut is a lost connection', async () => {
    const code = await codeOf(
      warehouse().withSession(async (session) => {
        const sink = session.copyIn(rows, ['id'], { format: 'text' })
        await sink.write(Buffer.from('1\n'))
        await terminate(session.processId)
        for (;;) {
          await sink.write(Buffer.from('1\n'.repeat(50_000)))
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }),
    )
    expect(code).toBe('warehouse-lost')
  })

  test('does not run ahead of the server', async () => {
    await warehouse().withSession(async (session) => {
      // The server waits for this lock before it takes any data, so what is written has to stay with us.
      let written = 0
      const [sink, writing] = await warehouse().withSession((holder) =>
        holder.transaction(async () => {
          await holder.query(sql`lock table public.copied in access exclusive mode`)
          const sink = session.copyIn(rows, ['id'], { format: 'text' })
          const writing = thrown(
            (async () => {
              for (let i = 0; i < 2000; i++) {
                await sink.write(Buffer.from('5\n'.repeat(50_000)))
                written += 100_000
              }
            })(),
          )
          await new Promise((resolve) => setTimeout(resolve, 300))
          expect(written).toBeLessThan(1_000_000)
          return [sink, writing] as const
        }),
      )
      await sink.abort(new Error('enough'))
      expect(await writing).toBeInstanceOf(Error)
    })
  })

  test('out can be left in the middle', async () => {
    await warehouse().withSession(async (session) => {
      const stream = session.copyOut(sql`select * from generate_series(1, 2000000)`, 'csv')
      await once(stream, 'readable')
      stream.destroy()
    })
    expect((await warehouse().query(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
  })
})
