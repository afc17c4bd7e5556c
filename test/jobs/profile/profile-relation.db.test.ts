import { beforeAll, describe, expect, it } from 'vitest'
import {
  type ProfileRefusal,
  type ProfileRequest,
  profileRelation,
} from '../../../src/jobs/profile/profile-relation.ts'
import type { ColumnProfile, RelationProfile } from '../../../src/jobs/profile/relation-profile.ts'
import { type Session, sqlText, unsafeSql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'

const warehouse = useWarehouse()
const run = (text: string) => warehouse().query(unsafeSql(text))

async function profile(
  identifier: string,
  request: Partial<ProfileRequest> = {},
): Promise<RelationProfile & { column: (name: string) => ColumnProfile }> {
  const found = await profileOrRefusal(identifier, request)
  if ('refused' in found) throw new Error(found.refused)
  return { ...found, column: (name) => found.columns.find((each) => each.name === name)! }
}

function profileOrRefusal(
  identifier: string,
  request: Partial<ProfileRequest> = {},
): Promise<RelationProfile | ProfileRefusal> {
  const relation = { schema: 'public', identifier }
  return warehouse().withSession((session) => profileRelation(session, { relation, ...request }))
}

describe('profileRelation on a table that is counted by hand', () => {
  beforeAll(async () => {
    await run(`create table public.small (id int, amount numeric(8,2), note text, ok boolean, on_day date)`)
    await run(`
      insert into public.small values
        (1, 10, 'a', true, '2026-01-01'), (2, 20, 'a', false, '2026-01-02'), (3, 30.00, 'b', null, '2026-01-03'),
        (4, 40, '  ', true, '2026-01-04'), (5, 500, 'Åß', true, '2026-01-05'), (5, 500, 'Åß', true, '2026-01-05'),
        (null, 0, null, true, 'infinity'), (7, null, '', true, null)`)
  })

  it('counts rows, duplicates and keys', async () => {
    const found = await profile('small', { key: ['id'] })
    expect(found).toMatchObject({ rows: 8, duplicateRows: 1, samplePercent: null })
    expect(found.key).toEqual({ columns: ['id'], duplicateRows: 1, missing: 1 })
    expect((await profile('small')).key).toBeNull()
  })

  it('has the figures of a number', async () => {
    // 0 10 20 30 40 500 500: quartiles at places 1.5, 3 and 4.5 of 0 … 6; fences 15 - 382.5 and 270 + 382.5.
    const { numbers, ...amount } = (await profile('small')).column('amount')
    expect(amount).toMatchObject({ type: 'numeric(8,2)', kind: 'number', missing: 1, distinct: 6 })
    expect(amount).toMatchObject({ min: '0.00', max: '500.00', mostFrequent: [{ value: '500', count: 2 }] })
    expect(numbers!.mean).toBeCloseTo(1100 / 7, 10)
    const squares = 100 + 400 + 900 + 1600 + 2 * 250_000
    expect(numbers!.stdDev).toBeCloseTo(Math.sqrt((squares - 1100 ** 2 / 7) / 6), 8)
    expect(numbers).toMatchObject({ zeros: 1, negatives: 0, notFinite: 0 })
    expect(numbers!.quantiles).toMatchObject({ p25: 15, p50: 30, p75: 270, p95: 500 })
    expect(numbers!.quantiles!.p5).toBeCloseTo(3, 12)
    expect(numbers!.outliers).toEqual({ lowerFence: -367.5, upperFence: 652.5, below: 0, above: 0 })
    const { from, to, counts } = amount.histogram!
    expect({ from, to }).toEqual({ from: 0, to: 500 })
    expect(counts).toEqual([3, 2, ...Array.from({ length: 17 }, () => 0), 2])
  })

  it('has those of texts, booleans and dates', async () => {
    const found = await profile('small')
    expect(found.column('note')).toMatchObject({
      ...{ missing: 1, empty: 2, distinct: 5, min: '', max: 'Åß' },
      lengths: { min: 0, mean: 9 / 7, max: 2 },
      mostFrequent: [
        { value: 'a', count: 2 },
        { value: 'Åß', count: 2 },
      ],
    })
    expect(found.column('ok')).toMatchObject({ kind: 'boolean', missing: 1, distinct: 2, trueCount: 6 })
    const day = found.column('on_day')
    expect(day).toMatchObject({ missing: 1, distinct: 6, min: '2026-01-01', max: 'infinity' })
    expect(day.times!.notFinite).toBe(1)
    expect(day.times!.quantiles!.p50).toBe(Date.UTC(2026, 0, 3, 12) / 1000)
    expect(day.histogram!.counts.reduce((sum, n) => sum + n)).toBe(6)
  })

  it('takes some columns only, and refuses those that are not there', async () => {
    const found = await profile('small', { columns: ['ok', 'id'] })
    expect(found.columns.map(({ name }) => name)).toEqual(['id', 'ok'])
    expect(found.duplicateRows).toBe(1)
    expect(await profileOrRefusal('small', { columns: ['nope'] })).toMatchObject({ refused: 'no-column' })
    expect(await profileOrRefusal('nope')).toEqual({ refused: 'no-relation' })
  })
})

describe('profileRelation', () => {
  it('agrees with what JavaScript counts', async () => {
    await run(`
      create table public.many as
      select i, (i * 7919 % 1009) as whole, ((i * 7919 % 1009) ^ 2)::float8 / 7 as skewed from generate_series(1, 5000) i`)
    const found = await profile('many')
    for (const [name, made] of [
      ['whole', (x: number) => x],
      ['skewed', (x: number) => x ** 2 / 7],
    ] as const) {
      const values = Array.from({ length: 5000 }, (_, i) => made(((i + 1) * 7919) % 1009))
      const { numbers, histogram, distinct } = found.column(name)
      const sorted = values.toSorted((a, b) => a - b)
      const quantile = (share: number): number => {
        const place = share * (sorted.length - 1)
        const below = sorted[Math.floor(place)]!
        return below + (place % 1) * (sorted[Math.ceil(place)]! - below)
      }
      const mean = values.reduce((sum, x) => sum + x) / values.length
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)
      expect(distinct).toBe(new Set(values).size)
      expect(numbers!.mean! / mean).toBeCloseTo(1, 12)
      expect(numbers!.stdDev! / Math.sqrt(variance)).toBeCloseTo(1, 12)
      const { p5, p25, p50, p75, p95 } = numbers!.quantiles!
      for (const [share, p] of [
        [0.05, p5],
        [0.25, p25],
        [0.5, p50],
        [0.75, p75],
        [0.95, p95],
      ] as const)
        expect(p).toBeCloseTo(quantile(share), 6)
      const { below, above, upperFence } = numbers!.outliers!
      expect(below + above).toBe(values.filter((x) => x > upperFence).length)
      const inside = values.filter((x) => x <= upperFence)
      const { from, to, counts } = histogram!
      const width = (to - from) / counts.length
      const expected = counts.map(() => 0)
      for (const x of inside) expected[Math.min(counts.length - 1, Math.floor((x - from) / width))]! += 1
      expect(counts).toEqual(expected)
    }
    expect(found.column('skewed').numbers!.outliers!.above).toBeGreaterThanOrEqual(0)
  })

  it('counts outliers, and none where half of the values are the same', async () => {
    await run(`create table public.far as select i as n, 1 as same from generate_series(1, 100) i`)
    await run(`insert into public.far values (155, 1), (-5000, 2), (-6000, 1)`)
    const found = await profile('far')
    // Quartiles at places 25.5 and 76.5 of 0 … 102, which are 24.5 and 75.5: fences 76.5 beyond.
    expect(found.column('n').numbers!.outliers).toEqual({
      lowerFence: -52,
      upperFence: 152,
      below: 2,
      above: 1,
    })
    // 205 whole numbers inside the fences, eleven a bar; 155 would fit into the last one and is an outlier.
    expect(found.column('n').histogram).toEqual({
      ...{ from: -52.5, to: 156.5 },
      counts: [0, 0, 0, 0, 2, 11, 11, 11, 11, 11, 11, 11, 11, 10, 0, 0, 0, 0, 0],
    })
    expect(found.column('same').numbers!.outliers).toBeNull()
    expect(found.column('same').histogram).toEqual({ from: 0.5, to: 2.5, counts: [102, 1] })
  })

  it('knows the key by its unique index', async () => {
    await run(`create table public.keyed ("the Key" int primary key, b int unique)`)
    await run(`insert into public.keyed values (1, 1), (2, null)`)
    expect((await profile('keyed')).key).toEqual({ columns: ['the Key'], duplicateRows: 0, missing: 0 })
  })

  it('takes values that are no numbers, and types of every sort', async () => {
    await run(`create type public.mood as enum ('sad', 'it''s "fine"')`)
    await run(`create domain public.cents as int check (value > -10)`)
    await run(`
      create table public."Odd ""one""" (
        "it's "" a, column" float8, r numeric, "ü" public.mood, c public.cents, j json, jb jsonb, a int[], u uuid,
        b bytea, t timestamptz, i interval, p point, g int4range, none text, "select" xml, tm time, ip inet, m money)`)
    await run(`
      insert into public."Odd ""one""" values
        ('NaN', 'NaN', 'sad', 1, '{"a": 1}', '{"a": 1}', '{1,2}', '00000000-0000-4000-8000-000000000001', '\\x00',
         'infinity', '1 day', '(1,2)', '[1,2)', null, '<a/>', '10:00', '10.0.0.1', 1),
        ('infinity', 1e-400, 'sad', 2, '{"a": 1}', '{"a": 2}', '{1,2}', '00000000-0000-4000-8000-000000000002', null,
         '2026-01-01 00:00+02', '2 days', '(1,2)', null, null, '<a/>', '11:00', '10.0.0.2', 2),
        (1e300, 1e400, null, 3, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
        (-0.0, -3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
        (0, -3.0, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`)
    const found = await profile('Odd "one"')
    const odd = found.column('it\'s " a, column')
    expect(odd.numbers).toMatchObject({ mean: 0, stdDev: 0, notFinite: 3, zeros: 2 })
    expect(odd).toMatchObject({ missing: 0, distinct: 4, max: 'NaN' })
    expect(found.column('r')).toMatchObject({ distinct: 4, mostFrequent: [{ value: '-3', count: 2 }] })
    expect(found.column('r').numbers).toMatchObject({ mean: -2, notFinite: 2 })
    expect(found.column('ü')).toMatchObject({ kind: 'other', mostFrequent: [{ value: 'sad', count: 2 }] })
    expect(found.column('c')).toMatchObject({ kind: 'number', type: 'cents', min: '1', max: '3' })
    expect(found.column('t')).toMatchObject({ min: '2025-12-31 22:00:00+00', max: 'infinity' })
    expect(found.column('i')).toMatchObject({ min: '1 day', max: '2 days' })
    expect(found.column('none')).toMatchObject({ missing: 5, distinct: 0, lengths: null, min: null })
    expect(found.column('jb')).toMatchObject({ distinct: 2, missing: 3 })
    expect(found.column('a')).toMatchObject({ distinct: 1, mostFrequent: [{ value: '{1,2}', count: 2 }] })
    expect(found.column('select')).toMatchObject({ distinct: 1 })
  })

  it('takes empty tables, tables without columns, and wide ones', async () => {
    await run(`create table public.nothing (a int, b text, c date)`)
    const nothing = await profile('nothing')
    expect(nothing).toMatchObject({ rows: 0, duplicateRows: 0 })
    expect(nothing.column('a')).toMatchObject({ missing: 0, distinct: 0, histogram: null })
    expect(nothing.column('a').numbers).toMatchObject({ mean: null, quantiles: null, outliers: null })
    await run(`create table public.bare ()`)
    await run(`insert into public.bare default values`)
    expect(await profile('bare')).toMatchObject({ rows: 1, columns: [] })
    const columns = Array.from({ length: 400 }, (_, i) => `i + ${i} as c${i}`).join(', ')
    await run(`create table public.wide as select ${columns} from generate_series(1, 20) i`)
    const wide = await profile('wide')
    expect(wide.columns.map(({ numbers }) => numbers!.mean)).toEqual(
      Array.from({ length: 400 }, (_, i) => 10.5 + i),
    )
  })

  it('cuts long values and still tells them apart', async () => {
    await run(`create table public.long as
      select repeat('x', 200) || case when i = 1 then 'y' else '' end as t from generate_series(1, 3) i`)
    expect((await profile('long')).column('t')).toMatchObject({
      distinct: 2,
      lengths: { min: 200, max: 201 },
      mostFrequent: [{ value: `${'x'.repeat(100)}...`, count: 2 }],
    })
  })

  it('looks at a sample of tables and views, the same one each time', async () => {
    await run(`create table public.big as select i from generate_series(1, 20000) i`)
    await run(`create view public.big_view as select * from public.big`)
    for (const name of ['big', 'big_view']) {
      const found = await profile(name, { samplePercent: 10 })
      expect(found.samplePercent).toBe(10)
      // Four standard errors of a binomial count.
      expect(Math.abs(found.rows - 2000)).toBeLessThan(4 * Math.sqrt(20000 * 0.1 * 0.9))
      expect(found.column('i').distinct).toBe(found.rows)
      expect(await profileOrRefusal(name, { samplePercent: 10 })).toEqual(
        await profileOrRefusal(name, { samplePercent: 10 }),
      )
    }
  })

  it('reads the relation twice whatever it holds', async () => {
    const seen: string[] = []
    await warehouse().withSession((session) => {
      const watched: Pick<Session, 'query' | 'transaction'> = {
        transaction: (body) => session.transaction(body),
        query: (query) => {
          const { text } = sqlText(query)
          if (text.includes('"public"."wide"')) seen.push(text)
          return session.query(query)
        },
      }
      return profileRelation(watched, { relation: { schema: 'public', identifier: 'wide' } })
    })
    expect(seen.map((text) => text.split('"public"."wide"').length - 1)).toEqual([1, 1])
  })
})

describe('profileRelation on columns that are called as its own parts are', () => {
  it('tells them apart', async () => {
    await run(
      `create table public.names_alike (n int, value text, c1 float8, h1 bigint, number numeric, "rows" int)`,
    )
    await run(`insert into public.names_alike values
      (1, 'a', 0, 4294967298, 1.0, 7), (1, 'a', '-0', 4294967298, 1.00, 7), (2, 'b', 'NaN', 8589934593, 2, 7),
      (2, 'b', 'NaN', 4294967296, null, 8)`)
    const found = await profile('names_alike', { key: ['n', 'rows'] })
    const distinct = found.columns.map((column) => [column.name, column.distinct])
    expect(distinct).toEqual([
      ['n', 2],
      ['value', 2],
      ['c1', 2],
      ['h1', 3],
      ['number', 2],
      ['rows', 2],
    ])
    expect(found.key).toMatchObject({ duplicateRows: 1, missing: 0 })
    expect(found.column('n').mostFrequent).toEqual([
      { value: '1', count: 2 },
      { value: '2', count: 2 },
    ])
    expect(found.column('c1').mostFrequent).toEqual([
      { value: '0', count: 2 },
      { value: 'NaN', count: 2 },
    ])
    expect(found.column('number').mostFrequent).toEqual([{ value: '1', count: 2 }])
  })
})
