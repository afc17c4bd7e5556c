import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import type { Random } from '../../src/stats/random/philox.ts'
import { type Session, sql } from '../../src/warehouse/index.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import { makeTestDatabase } from '../warehouse/test-database.ts'
import { relations, schema, useFaultProjects } from './fault-project.ts'
import { type Lane, makeLane } from './lane.ts'
import { readState } from './published-state.ts'
import { amount, seeded, tell } from './seeded.ts'

/*
 * Others read what is published, all through runs: in single statements, in transactions, while they hold locks that a
 * publication waits for. None of them sees a mixture of two runs, waits for long, or is ended for a publication's sake.
 */

const projects = useFaultProjects()
const told: string[] = []
let statesChecked = 0

afterAll(() => tell(`${told.join('; ')}; ${statesChecked} states checked`))

/** A lane, and sessions beside it that are closed after. */
async function withLane(body: (lane: Lane, open: () => Promise<Session>) => Promise<void>): Promise<void> {
  const database = await makeTestDatabase()
  const sessions: { close: () => Promise<void> }[] = []
  const lane = await makeLane(projects(), database.connection, database.url)
  try {
    await body(lane, async () => {
      const { session } = await openSession(database.connection, { applicationName: 'faults' })
      sessions.push(session)
      // That the machine is busy is not the publisher's fault.
      await session.query(sql`set deadlock_timeout = '2s'`)
      return session
    })
  } finally {
    for (const session of sessions) await session.close()
    await lane.close()
    statesChecked += lane.checked()
    await database.drop()
  }
}

const table = (name: string) => sql.ident(schema, name)

/** What tells the run in a relation of each kind: tables, an increment, a snapshot, views of ours and of others. */
const numbers: Readonly<Record<string, ReturnType<typeof sql>>> = {
  totals: sql`(select run_number from ${table('totals')})`,
  items: sql`(select max(run_number) from ${table('items')})`,
  report: sql`(select code_number from ${table('report')})`,
  staging: sql`(select max(run_number) from ${table('stg_numbers')})`,
  filled: sql`(select max(run_number) from ${table('filled')})`,
  log: sql`(select max(run_number) from ${table('log')})`,
  slots: sql`(select max(run_number) from ${table('slots')})`,
  spans: sql`(select max(run_number) from ${table('spans')})`,
  history: sql`(select max(run_number) from ${table('item_history')} where dbt_valid_to is null)`,
  others: sql`(select max(run_number) from bi.of_others)`,
}

/** Some of the relations, in any order. */
function chosen(random: Random, least: number): string[] {
  const names = Object.keys(numbers)
  random.shuffle(names)
  return names.slice(0, least + Math.floor(random.uniform() * 3))
}

async function inOneStatement(session: Session, random: Random): Promise<number[]> {
  const parts = chosen(random, 2).map((name) => numbers[name]!)
  const { rows } = await session.query<{ runs: number[] }>(
    sql`select array[${sql.join(parts, ', ')}] as runs`,
  )
  return rows[0]!.runs
}

/** Statement after statement in one transaction, of which the first already reads one of ours. */
function inOneTransaction(session: Session, random: Random): Promise<number[]> {
  return session.transaction(() => oneByOne(session, random))
}

/** The same with one snapshot for all, which has to be taken with a lock on one of ours held. */
function inOneSnapshot(session: Session, random: Random): Promise<number[]> {
  return session.transaction(async () => {
    await session.query(sql`set transaction isolation level repeatable read`)
    await session.query(sql`lock table ${table('totals')} in access share mode`)
    return oneByOne(session, random)
  })
}

async function oneByOne(session: Session, random: Random): Promise<number[]> {
  const runs: number[] = []
  for (const name of chosen(random, 2)) {
    const { rows } = await session.query<{ run: number }>(sql`select ${numbers[name]!} as run`)
    runs.push(rows[0]!.run)
  }
  return runs
}

test(
  'readers see one run or the next in whatever they read together, never a mixture, all through many runs',
  () =>
    withLane(async (lane, open) => {
      const runs = amount(10, 100)
      const ways = [inOneStatement, inOneTransaction, inOneSnapshot]
      const seen = new Set<number>()
      let reads = 0
      let stop = false
      const poll = async (way: (typeof ways)[number], stream: number): Promise<void> => {
        const session = await open()
        const random = seeded(stream)
        while (!stop) {
          const found = await way(session, random)
          expect(new Set(found).size, `one reader, ${way.name}, saw the runs ${found}`).toBe(1)
          seen.add(found[0]!)
          reads++
          await sleep(10 + random.uniform() * 50)
        }
      }
      const polling = Promise.all(ways.map((way, index) => poll(way, 30 + index)))
      // Should a reader fail, the runs end.
      polling.catch(() => {
        stop = true
      })
      for (let run = 0; run < runs && !stop; run++) await lane.recover('here')
      stop = true
      await polling
      expect(reads).toBeGreaterThan(5 * runs)
      expect(seen.size).toBeGreaterThan(runs / 2)
      told.push(`${reads} reads of several relations during ${runs} runs, no mixture`)
    }),
  900_000,
)

test('a transaction with a snapshot from before finds replaced tables empty: read one of them first', () =>
  withLane(async (lane, open) => {
    const [early, careful] = [await open(), await open()]
    const read = async (session: Session) =>
      (
        await session.query<{ totals: number; log: number }>(sql`
          select
            (select count(*)::int from ${table('totals')}) as totals,
            (select count(*)::int from ${table('log')}) as log`)
      ).rows[0]
    await early.transaction(async () => {
      await early.query(sql`set transaction isolation level repeatable read`)
      await early.query(sql`select 1 from pg_catalog.pg_class limit 1`)
      await lane.recover('here')
      // As after TRUNCATE: rows that were written later are not there for it, and the table before is not there at all.
      expect(await read(early)).toEqual({ totals: 0, log: 1 })
    })
    await careful.transaction(async () => {
      await careful.query(sql`set transaction isolation level repeatable read`)
      const before = await read(careful)
      const running = lane.runHere({ publishWaitMs: 1_000 })
      expect((await running).result.problems.map(({ code }) => code)).toEqual(['publish-blocked'])
      expect(await read(careful)).toEqual(before)
    })
    await lane.check()
    await lane.recover('here')
  }))

test(
  'readers that lock in any order are never ended for a publication, and it comes about',
  () =>
    withLane(async (lane, open) => {
      const runs = amount(4, 40)
      let stop = false
      let transactions = 0
      const lockAll = async (stream: number): Promise<void> => {
        const session = await open()
        const random = seeded(stream)
        while (!stop) {
          const names = ['totals', 'items', 'log', 'slots', 'filled', 'report']
          random.shuffle(names)
          await session.transaction(async () => {
            for (const name of names.slice(0, 3)) {
              await session.query(sql`select count(*) from ${table(name)}`)
              await sleep(random.uniform() * 20)
            }
          })
          transactions++
          await sleep(20 + random.uniform() * 60)
        }
      }
      const locking = Promise.all([40, 41, 42].map(lockAll))
      locking.catch(() => {
        stop = true
      })
      for (let run = 0; run < runs && !stop; run++) await lane.recover('here')
      stop = true
      await locking
      told.push(`${transactions} transactions that lock in any order during ${runs} runs, none ended`)
    }),
  900_000,
)

test(
  'one that holds a table for longer than the patience is named; what was built is published by a retry',
  () =>
    withLane(async (lane, open) => {
      const [holder, other] = [await open(), await open()]
      const waits: number[] = []
      let runId = ''
      await holder.transaction(async () => {
        await holder.query(sql`select * from ${table('items')}`)
        let stop = false
        const reading = (async () => {
          while (!stop) {
            const from = performance.now()
            await other.query(sql`select * from ${table('totals')}`)
            waits.push(performance.now() - from)
            await sleep(2)
          }
        })()
        const { result, events } = await lane.runHere({ publishWaitMs: 4_000 })
        stop = true
        await reading
        runId = result.runId
        expect(result).toMatchObject({ status: 'failed', published: false })
        expect(result.results.map(({ status }) => status)).not.toContain('error')
        const [problem] = result.problems
        expect(problem!.code).toBe('publish-blocked')
        expect(problem!.message).toMatch(
          new RegExp(
            `process ${(holder as Session & { processId: number }).processId} \\(faults of .*\\), idle in a transaction for \\d+ s, holds analytics\\.items`,
          ),
        )
        expect(problem!.hint).toContain('estimand retry')
        const warnings = events.flatMap((event) =>
          event.type === 'log' && event.message.startsWith('publishing waits for') ? [event.message] : [],
        )
        expect(warnings).toHaveLength(1)
        expect(await lane.check()).toBe('before')
      })
      // Each try locks out who comes meanwhile, for 0.4 s at most, and what a busy machine adds.
      expect(Math.max(...waits)).toBeLessThan(1_500)
      expect(waits.filter((ms) => ms < 100).length).toBeGreaterThan(waits.length / 2)
      const built = sql`
      select n.nspname || '.' || c.relname as name, pg_relation_filenode(c.oid)::int as file
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname like 'estimand_build%' and c.relkind = 'r' and c.relname in ('totals', 'items', 'score')
      order by 1`
      const before = (await lane.rows(built)).map(({ file }) => file)
      expect(before).toHaveLength(3)
      const again = await lane.retryHere(runId)
      expect(again.result).toMatchObject({ status: 'success', published: true, problems: [] })
      expect(again.result.results).toEqual([])
      const now = await lane.rows(sql`
      select pg_relation_filenode(c.oid)::int as file from pg_class c
      where c.relnamespace = 'analytics'::regnamespace and c.relname in ('totals', 'items', 'score') order by relname`)
      expect(now.map(({ file }) => file)).toEqual(
        [...before].sort((a, b) => before.indexOf(a) - before.indexOf(b)),
      )
      // The rows tell of the run that built them, the store of the one that published them.
      const { run_ids: runIds, ...state } = await readState(lane.rows)
      expect(runIds).toBe(2)
      const totals = [{ run_number: 2, items: 3, seed_number: 2 }]
      expect(state).toMatchObject({
        totals,
        log: [1, 2],
        others: 3,
        score: 2,
        publications: relations.length,
      })
      told.push(
        `a holder named, and its publication made up for; others waited ${Math.round(Math.max(...waits))} ms at most`,
      )
    }),
  120_000,
)

test('one that keeps rows from being written is named, too', () =>
  withLane(async (lane, open) => {
    const holder = await open()
    await holder.transaction(async () => {
      await holder.query(sql`lock table ${table('log')} in share mode`)
      const { result } = await lane.runHere({ publishWaitMs: 500 })
      expect(result.problems[0]).toMatchObject({
        code: 'publish-blocked',
        message: expect.stringContaining('holds analytics.log'),
      })
      expect(await lane.check()).toBe('before')
    })
    await lane.recover('here')
  }))
