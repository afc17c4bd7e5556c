import { beforeEach, describe, expect, test } from 'vitest'
import { sql } from '../../../src/warehouse/index.ts'
import { useProjectDatabase } from '../run-project.ts'
import { day, microbatch, plannedTimes, shownTimes, timeProject, timeRange } from './time-project.ts'

/*
 * The ledger of tables that are built by time, run after run.
 */

describe('the ledger of a microbatch model', () => {
  const database = useProjectDatabase()
  const project = timeProject(database)
  const { run, change, fill, rows, ledger } = project
  const models = { 'models/m.sql': microbatch() }

  beforeEach(() =>
    fill(
      "(1, 'a', '2026-01-01 05:00Z')",
      "(2, 'b', '2026-01-02 05:00Z')",
      "(3, 'c', '2026-01-03 05:00Z')",
      "(4, 'd', '2026-01-04 05:00Z')",
      "(5, 'e', '2026-01-05 05:00Z')",
    ),
  )

  test('is one row for all that was built, up to the time of the run', async () => {
    await run(models, day(3.5))
    expect(await ledger('m')).toEqual(['01-01..01-03T12 v1'])
    await run(models, day(3.75))
    await run(models, day(4.5))
    expect(await ledger('m')).toEqual(['01-01..01-04T12 v1'])
  })

  test('has a run build the days on which none ran', async () => {
    await run(models, day(1.5))
    const later = await run(models, day(5.5))
    expect(shownTimes(plannedTimes(later, 'm').missing)).toEqual(['01-01..01-06'])
    expect(await rows('m')).toHaveLength(5)
    expect(await ledger('m')).toEqual(['01-01..01-05T12 v1'])
  })

  test('has a run build again the days of lookback, and no others', async () => {
    await run(models, day(5.25))
    await change(
      sql`insert into shop.events values (14, 'late', '2026-01-04 01:00Z'), (12, 'too late', '2026-01-02Z')`,
    )
    const later = await run(models, day(5.5))
    expect(shownTimes(plannedTimes(later, 'm').again)).toEqual(['01-04..01-05'])
    expect((await rows('m')).map(({ v }) => v)).toEqual(['a', 'late', 'b', 'c', 'd', 'e'])
  })

  test('is finished where dbt would leave a day half built', async () => {
    const only = { 'models/m.sql': microbatch('lookback=0') }
    await run(only, day(4))
    await run(only, day(4.1))
    // The fourth was built before its event came, and is not the newest day any more.
    const later = await run(only, day(5.5))
    expect(shownTimes(plannedTimes(later, 'm').due)).toEqual(['01-04..01-06'])
    expect((await rows('m')).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
  })

  test('keeps a gap for a batch that failed, and a later run fills it', async () => {
    await run(models, day(2))
    await change(sql`alter table shop.events alter v type text using v`)
    const failing = {
      'models/m.sql': microbatch('', '(id / (case id when 3 then 0 else 1 end)) as id, v, at'),
    }
    const { node, result } = await run(failing, day(5.5), { publish: 'node' })
    expect(node('m')).toMatchObject({ status: 'error', message: 'batch 20260103: division by zero' })
    expect(result.status).toBe('failed')
    expect(await rows('m')).toHaveLength(4)
    expect(await ledger('m')).toEqual(['01-01..01-02 v1', '01-02..01-03 v2', '01-04..01-05T12 v2'])
    const fixed = await run(models, day(5.5))
    expect(shownTimes(plannedTimes(fixed, 'm').missing)).toEqual(['01-03..01-04'])
    expect((await rows('m')).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
  })

  test('says nothing new of a run that is not published, for whatever reason', async () => {
    await run(models, day(2))
    const before = await ledger('m')
    const failing = { 'models/m.sql': microbatch('', '1 / (id - 4) as id, v, at') }
    expect((await run(failing, day(5.5))).result.published).toBe(false)
    expect(await ledger('m')).toEqual(before)

    // Cancelled between two batches.
    const control = new AbortController()
    const stopped = await run(models, day(5.5), {
      signal: control.signal,
      onEvent: (event) => event.type === 'batch_finished' && event.done === 2 && control.abort(),
    })
    expect(stopped.result.status).toBe('cancelled')
    expect([await ledger('m'), (await rows('m')).length]).toEqual([before, 1])

    // Refused while it was being published: somebody's view needs a column that goes.
    await change(sql`create view shop.others as select v from analytics.m`)
    const gone = { 'models/m.sql': microbatch("on_schema_change='sync_all_columns'", 'id, at') }
    const refused = await run(gone, day(5.5))
    expect(refused.result.problems.map(({ code }) => code)).toEqual(['publish-refused'])
    expect(await ledger('m')).toEqual(before)
    await run(models, day(5.5))
    expect((await rows('m')).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
  })

  test('knows what an older version built', async () => {
    await run(models, day(3.5))
    const changed = { 'models/m.sql': microbatch('', "id, v || '!' as v, at") }
    const later = await run(changed, day(5.5))
    expect(shownTimes(plannedTimes(later, 'm').stale)).toEqual(['01-01..01-04'])
    expect((await rows('m')).map(({ v }) => v)).toEqual(['a', 'b', 'c!', 'd!', 'e!'])
    expect(await ledger('m')).toEqual(['01-01..01-03 v1', '01-03..01-05T12 v2'])
  })

  test('does not take another beginning, lookback or comment for another version', async () => {
    await run(models, day(3.5))
    await run(
      {
        'models/m.sql': `${microbatch("lookback=2, concurrent_batches=true, indexes=[{'columns': ['id']}]").replace('01-01', '01-02')} -- why`,
      },
      day(5.5),
    )
    expect(await ledger('m')).toEqual(['01-01..01-05T12 v1'])
  })

  test('has the table made anew when the model changed and asks for it', async () => {
    await run({ 'models/m.sql': microbatch("on_change='rebuild'") }, day(3.5))
    const changed = { 'models/m.sql': microbatch("on_change='rebuild'", "id, v || '!' as v, at, 1 as one") }
    const later = await run(changed, day(5.5))
    expect(later.node('m').rows).toBe(5)
    expect((await rows('m')).map(({ v, one }) => [v, one])).toEqual(
      ['a!', 'b!', 'c!', 'd!', 'e!'].map((v) => [v, 1]),
    )
    expect(await ledger('m')).toEqual(['01-01..01-05T12 v1'])
  })

  test('has only the old times built again when the rest is new', async () => {
    await run(models, day(3.5))
    const now = "id, v || '!' as v, at"
    await run({ 'models/m.sql': microbatch('', now) }, day(5.5))
    const third = await run({ 'models/m.sql': microbatch("on_change='rebuild', lookback=0", now) }, day(5.75))
    expect(shownTimes(plannedTimes(third, 'm').due)).toEqual(['01-01..01-03', '01-05..01-06'])
    expect((await rows('m')).map(({ v }) => v)).toEqual(['a!', 'b!', 'c!', 'd!', 'e!'])
    expect(await ledger('m')).toEqual(['01-01..01-05T18 v1'])
  })

  test('begins anew with a full refresh, and with a table that is another', async () => {
    await run(models, day(5.5))
    const some = { eventTime: { start: day(2), end: day(4) } }
    await run(models, day(5.5), { fullRefresh: true, ...some })
    expect(await ledger('m')).toEqual(['01-02..01-04 v1'])
    await run(models, day(5.5))
    expect(await ledger('m')).toEqual(['01-01..01-05T12 v1'])

    // dbt, or a person, has made it again: nobody knows what it holds.
    await change(
      sql`create table analytics.other as select * from analytics.m where id < 3`,
      sql`drop table analytics.m`,
      sql`alter table analytics.other rename to m`,
    )
    const later = await run(models, day(5.75))
    expect(shownTimes(plannedTimes(later, 'm').unknown)).toEqual(['01-01..01-04'])
    expect(await ledger('m')).toEqual(['01-01..01-04 unknown', '01-04..01-05T18 v1'])
  })

  test('is forgotten when the table is no longer built by time', async () => {
    await run(models, day(5.5))
    await run({ 'models/m.sql': microbatch().replace('microbatch', 'merge') }, day(5.5))
    expect(await ledger('m')).toEqual([])
    expect(await database.rows(sql`select from estimand.ledgers`)).toEqual([])
    const again = await run(models, day(5.5))
    expect(shownTimes(plannedTimes(again, 'm').unknown)).toEqual(['01-01..01-04'])
  })

  test('does not count what was built without rows, or of a sample of them', async () => {
    await run(models, day(3.5), { empty: true })
    expect(await ledger('m')).toEqual([])
    await run(models, day(3.5))
    await run(models, day(5.5), { sample: { start: day(5), end: day(5.25) } })
    expect(await ledger('m')).toEqual(['01-01..01-03T12 v1'])
    await run(models, day(5.5))
    expect(await rows('m')).toHaveLength(5)
  })

  test('does not believe a clock that is ahead of the server', async () => {
    await run(models, new Date(Date.now() + 3 * 86_400_000))
    const [{ ahead } = {}] = await database.rows(
      sql`select max(to_time) > clock_timestamp() as ahead from estimand.intervals`,
    )
    expect(ahead).toBe(false)
  })

  test.each(['microbatch', 'time_range'])('holds nothing that breaks a contract (%s)', async (strategy) => {
    const model = (type: string) => ({
      'models/m.sql': microbatch("on_schema_change='fail'").replace('microbatch', strategy),
      'models/m.yml': `models: [{ name: m, config: { contract: { enforced: true } }, columns: [
        { name: id, data_type: int, constraints: [{ type: not_null }] },
        { name: v, data_type: ${type} }, { name: at, data_type: timestamptz }] }]`,
    })
    const broken = await run(model('numeric'), day(3.5))
    expect(broken.node('m').problem?.code).toBe('contract-broken')
    await run(model('text'), day(3.5))
    await change(sql`insert into shop.events values (null, 'x', '2026-01-04Z')`)
    expect((await run(model('text'), day(5.5))).node('m').message).toMatch(/null value in column "id"/)
    await change(sql`delete from shop.events where id is null`)
    await run(model('text'), day(5.5))
    expect(await rows('m')).toHaveLength(5)
    expect(await ledger('m')).toEqual(['01-01..01-05T12 v1'])
  })

  test('learns of a failed run when a retry publishes what that has built', async () => {
    const report = { 'models/report.sql': "{{ config(materialized='table') }}\nselect 1 / 0 as n" }
    const failed = await run({ ...models, ...report }, day(3.5))
    expect(failed.result.published).toBe(false)
    const fixed = { 'models/report.sql': "{{ config(materialized='table') }}\nselect 1 as n" }
    const again = await run({ ...models, ...fixed }, day(5.5), { retryOf: failed.result.runId })
    expect(again.result.adopted).toHaveLength(1)
    // Two days have gone by, and the table does not hold them yet.
    expect(await ledger('m')).toEqual(['01-01..01-03T12 v1'])
    await run({ ...models, ...fixed }, day(5.5))
    expect(await rows('m')).toHaveLength(5)
  })

  test('leaves a newer row of the same key when a gap before it is filled', async () => {
    await change(sql`insert into shop.events values (3, 'newest', '2026-01-05 06:00Z')`)
    await run(models, day(5.5), { eventTime: { start: day(4), end: day(6) } })
    await run(models, day(5.5))
    expect((await rows('m')).map(({ id, v }) => [id, v])).toContainEqual([3, 'newest'])
    // Exactly named batches replace what they find, as in dbt.
    await run(models, day(5.5), { eventTime: { start: day(3), end: day(4) } })
    expect((await rows('m')).map(({ id, v }) => [id, v])).toContainEqual([3, 'c'])
  })
})

describe('a time_range model', () => {
  const database = useProjectDatabase()
  const { run, change, fill, rows, ledger } = timeProject(database)
  const models = { 'models/m.sql': timeRange() }
  const counts = async () =>
    (await rows('m')).map(({ day: date, v, n }) => `${String(date).slice(5)} ${v} ${n}`)

  beforeEach(() =>
    fill("(1, 'a', '2026-01-01 05:00Z')", "(2, 'b', '2026-01-02 05:00Z')", "(3, 'c', '2026-01-03 05:00Z')"),
  )

  test('replaces all rows of the days that it builds again, also those that are gone', async () => {
    await run(models, day(3.5))
    expect(await counts()).toEqual(['01-01 a 1', '01-02 b 1', '01-03 c 1'])
    await change(
      sql`delete from shop.events`,
      sql`insert into shop.events values (4, 'x', '2026-01-02 23:00Z'), (5, 'd', '2026-01-04Z')`,
    )
    const { node } = await run(
      { ...models, 'models/seen.sql': "select count(*) as n from {{ ref('m') }}" },
      day(4.5),
    )
    expect(node('m').batches).toHaveLength(1)
    // The first two are older than lookback, and stay.
    expect(await counts()).toEqual(['01-01 a 1', '01-02 b 1', '01-04 d 1'])
    await run(models, day(4.5), { eventTime: { start: day(1), end: day(3) } })
    expect(await counts()).toEqual(['01-02 x 1', '01-04 d 1'])
    expect(await ledger('m')).toEqual(['01-01..01-04T12 v1'])
  })

  test('shows readers of the same run what the table will be', async () => {
    const seen = { 'models/seen.sql': "{{ config(materialized='table') }}\nselect * from {{ ref('m') }}" }
    await run({ ...models, ...seen }, day(3.5))
    await change(sql`update shop.events set v = 'z' where id = 3`)
    await run({ ...models, ...seen }, day(3.75))
    expect(await rows('seen')).toEqual(await rows('m'))
    expect(await counts()).toEqual(['01-01 a 1', '01-02 b 1', '01-03 z 1'])
  })

  test('is built in pieces of batch_size, and of those only what is due', async () => {
    const monthly = { 'models/m.sql': timeRange("batch_size='month'") }
    const now = new Date('2026-03-02T12:00Z')
    const first = await run(monthly, now)
    expect(first.node('m').batches?.map(({ id }) => id)).toEqual(['20260101', '20260201', '20260301'])
    const second = await run(monthly, now)
    expect(second.node('m').batches?.map(({ id }) => id)).toEqual(['20260301'])
  })

  test('keeps what its SQL gives of other times out of the table', async () => {
    const all = { 'models/m.sql': timeRange().replace("'events') }}", "'events').render() }}") }
    await run(all, day(2.5))
    await run(all, day(3.5))
    expect(await counts()).toEqual(['01-01 a 1', '01-02 b 1', '01-03 c 1'])
  })

  test.each([
    ["time_grain='hour'", 'm has day of type date, which cannot tell one hour from another'],
    ["batch_size='hour'", "m has a 'time_grain' longer than its 'batch_size'"],
    ["event_time='v'", 'm has v of type text, which cannot tell one day from another'],
  ])('says what is wrong with %s', async (config, message) => {
    const [key] = config.split('=')
    const without = timeRange().replace(new RegExp(`${key}='\\w+', ?|, ?${key}='\\w+'`), '')
    const { node } = await run({ 'models/m.sql': without.replace(') }}', `, ${config}) }}`) }, day(3.5))
    expect(node('m')).toMatchObject({ status: 'error', message: `time_range model ${message}` })
  })
})
