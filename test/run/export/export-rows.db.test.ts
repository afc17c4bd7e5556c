import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetMetadata } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportRows } from '../../../src/run/export/export-rows.ts'
import { exportTarget } from '../../../src/run/export/export-target.ts'
import { type SQLQuery, sql, unsafeSql, withWarehouse } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { projectFile } from '../project-files.ts'
import { runProject, useProjectDatabase } from '../run-project.ts'

const database = useProjectDatabase()
let folder = ''

const types = {
  id: 'bigint',
  day: 'date',
  amount: 'numeric(30,10)',
  word: 'text',
  at: 'timestamptz',
  plain_at: 'timestamp',
  yes: 'boolean',
  tree: 'jsonb',
  unit: 'uuid',
  ratio: 'double precision',
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'estimand-export-'))
  await database.rows(sql`create schema original`)
  const columns = Object.entries(types).map(([name, type]) => `${name} ${type}`)
  await database.rows(sql`create table original.t (${unsafeSql(columns.join(', '))}, numbers int[])`)
  await database.rows(
    unsafeSql(String.raw`
    insert into original.t values
      (9007199254740993, '2026-01-01', 12345678901234567890.0123456789, 'a "quoted", text', '2026-01-01 12:00:00.123456+02',
        '2026-01-01 12:00:00.5', true, '{"a": [1, "x\ny"], "b": 1.10}', '6f1c9f0e-95a4-4d8f-8a25-0d9f3e7b0a11', 0.1, '{1,null,3}'),
      (2, '2026-01-02', -0.5, e'two\nlines\r\nand a \\\\ and \t', '1999-12-31 23:59:59Z', 'infinity', false, '[]', null, 'NaN', '{}'),
      (3, '2026-01-01', null, '', null, null, null, null, null, null, null),
      (4, null, 0, null, '-infinity', '0044-03-15 BC', null, '"text"', null, '-infinity', null),
      (5, '2026-01-02', 7, e'\\.', null, null, null, '{}', null, 1e300, null),
      (6, 'infinity', 7, 'NULL', null, null, null, '1', null, 5e-324, null)`),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function exported(query: SQLQuery, file: string, partitionBy?: string) {
  const target = exportTarget(join(folder, file))!
  const options = { threads: 1, applicationName: 'estimand test' }
  return withWarehouse(database.connection, options, (warehouse) =>
    warehouse.withSession(async (session) => {
      // Notations of the session's own must not show.
      await session.query(sql`select set_config('datestyle', 'German', false)`)
      await session.query(sql`select set_config('timezone', 'Asia/Kolkata', false)`)
      const request = { query, target, commandId: 'test', onBytes: () => {} }
      return exportRows(session, { ...request, ...(partitionBy && { partitionBy }) })
    }),
  )
}

const scalars = unsafeSql(Object.keys(types).join(', '))
const rowsOf = (table: string, columns = scalars) =>
  database.rows(
    sql`select row_to_json(t)::text as row from (select ${columns} from ${unsafeSql(table)}) as t order by id`,
  )

/** Loads what was exported into raw.t. */
async function load(from: string, columns: Record<string, string> = types, partition = '') {
  const list = Object.entries(columns).map(
    ([name, type]) =>
      `{ name: "${name}", type: "${type}"${name === partition ? `, partition: ${name}` : ''} }`,
  )
  const declaration = `
loads:
  - name: t
    kind: files
    from: ${from}
    on_bad_row: fail
    tables: [{ name: t, schema: raw, columns: [${list.join(', ')}] }]
`
  await database.rows(sql`drop schema if exists raw cascade`)
  await database.rows(sql`drop schema if exists estimand cascade`)
  await withProject({ 'project.yml': projectFile, 'pipelines/t.yml': declaration }, async (root) => {
    const { result } = await runProject(root, database.connection, { env: { DATABASE_URL: database.url } })
    expect(result.problems).toEqual([])
    expect(result.status).toBe('success')
  })
}

describe('rows that are exported and loaded again are the same', () => {
  for (const file of ['all.csv', 'all.csv.gz', 'all.ndjson', 'all.ndjson.gz'])
    it(file, async () => {
      const result = await exported(sql`select ${scalars} from original.t`, file)
      expect(result).toMatchObject({ rows: 6, files: [{ path: join(folder, file), rows: 6 }] })
      await load(join(folder, file))
      expect(await rowsOf('raw.t')).toEqual(await rowsOf('original.t'))
    })

  it('in folders by date, of which each is loaded as its value', async () => {
    const { files, rows } = await exported(sql`select ${scalars} from original.t`, 'days/t.csv.gz', 'day')
    expect(rows).toBe(6)
    expect(files.map(({ path, rows }) => [path.slice(folder.length), rows])).toEqual([
      ['/days/day=2026-01-01/t.csv.gz', 2],
      ['/days/day=2026-01-02/t.csv.gz', 2],
      ['/days/day=infinity/t.csv.gz', 1],
      ['/days/day=__HIVE_DEFAULT_PARTITION__/t.csv.gz', 1],
    ])
    await load(join(folder, 'days/*/t.csv.gz'), types, 'day')
    expect(await rowsOf('raw.t')).toEqual(await rowsOf('original.t'))
    await exported(sql`select ${scalars} from original.t`, 'lines/t.ndjson', 'day')
    await load(join(folder, 'lines/*/t.ndjson'), types, 'day')
    expect(await rowsOf('raw.t')).toEqual(await rowsOf('original.t'))
  })

  it('arrays within CSV', async () => {
    await exported(sql`select id, numbers from original.t`, 'numbers.csv')
    await load(join(folder, 'numbers.csv'), { id: 'bigint', numbers: 'int[]' })
    const columns = unsafeSql('id, numbers')
    expect(await rowsOf('raw.t', columns)).toEqual(await rowsOf('original.t', columns))
  })

  it('many of them, in parts that are longer than what is read at once', async () => {
    const many = sql`
      select n as id, date '2026-01-01' + n % 3 as day, repeat('x"' || chr(10), 20) as word
      from generate_series(1, 60000) as n`
    const { files } = await exported(many, 'many/t.csv', 'day')
    expect(files.map(({ rows }) => rows)).toEqual([20_000, 20_000, 20_000])
    expect((await exported(many, 'many.csv')).rows).toBe(60_000)
    await load(join(folder, 'many/*/t.csv'), { id: 'bigint', day: 'date', word: 'text' }, 'day')
    const [sums] = await database.rows(
      sql`select count(*)::int as n, sum(id)::int as ids, count(distinct word)::int as words from raw.t where day = date '2026-01-01' + id::int % 3`,
    )
    expect(sums).toEqual({ n: 60_000, ids: 1_800_030_000, words: 1 })
  })
})

describe('Parquet', () => {
  const kinds = {
    id: 'bigint',
    small: 'integer',
    least: 'smallint',
    day: 'date',
    amount: 'numeric(18,4)',
    long_amount: 'numeric(30,10)',
    any_amount: 'numeric',
    word: 'text',
    code: 'varchar(10)',
    at: 'timestamptz',
    plain_at: 'timestamp',
    clock: 'time',
    span: 'interval',
    yes: 'boolean',
    tree: 'jsonb',
    unit: 'uuid',
    ratio: 'double precision',
    float: 'real',
    bytes: 'bytea',
    numbers: 'int[]',
  }
  const all = unsafeSql(Object.keys(kinds).join(', '))

  beforeAll(async () => {
    const columns = Object.entries(kinds).map(([name, type]) => `${name} ${type}`)
    await database.rows(sql`create table original.p (${unsafeSql(columns.join(', '))})`)
    await database.rows(
      unsafeSql(String.raw`
      insert into original.p values
        (9223372036854775807, -2147483648, 32767, '2026-01-01', 12345678901234.5678, 12345678901234567890.0123456789, 1.50,
          'a "quoted", text', 'ä', '2026-01-01 12:00:00.123456+02', '2026-01-01 12:00:00.5', '23:59:59.000001', '1 mon -2 days',
          true, '{"a": [1, "x\ny"], "b": 1.10}', '6f1c9f0e-95a4-4d8f-8a25-0d9f3e7b0a11', 0.1, 0.1, '\x00ff5c6e', '{1,null,3}'),
        (2, 0, 0, '1969-12-31', -0.0001, -0.5, 'NaN', e'two\nlines\r\nand a \\ and \t and \\N and \b\f\v', e'\\.',
          '1969-12-31 23:59:59.999999Z', '0044-03-15 01:02:03 BC', '00:00', '0', false, '"text"', null, 'NaN', '-infinity', '', '{}'),
        (3, null, null, '0044-03-15 BC', 0, null, null, '', e'\\N', '10000-01-01 00:00Z', null, null, null, null, 'null', null,
          '-0', 1e30, null, null),
        (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
        (5, 1, 1, '2026-01-01', 1, 1, 1e20, e'\u2028', 'x', '2026-01-01Z', '2026-01-01', '12:00', '1 year', true, '1', null,
          5e-324, 0, 'x', '{5}')`),
    )
  })

  it('is loaded again as the same rows', async () => {
    const result = await exported(sql`select ${all} from original.p`, 'all.parquet')
    expect(result).toMatchObject({ rows: 5, files: [{ rows: 5 }] })
    await load(join(folder, 'all.parquet'), kinds)
    expect(await rowsOf('raw.t', all)).toEqual(await rowsOf('original.p', all))
  })

  it('in folders by date', async () => {
    const { files } = await exported(sql`select ${all} from original.p`, 'parquet/t.parquet', 'day')
    expect(files.map(({ path, rows }) => [path.slice(folder.length), rows])).toEqual([
      ['/parquet/day=0044-03-15%20BC/t.parquet', 1],
      ['/parquet/day=1969-12-31/t.parquet', 1],
      ['/parquet/day=2026-01-01/t.parquet', 2],
      ['/parquet/day=__HIVE_DEFAULT_PARTITION__/t.parquet', 1],
    ])
    await load(join(folder, 'parquet/*/t.parquet'), kinds, 'day')
    expect(await rowsOf('raw.t', all)).toEqual(await rowsOf('original.p', all))
  })

  it('of many rows has several groups, and of none none', async () => {
    const many = sql`select n as id, null::text as nothing, repeat('x' || chr(10), n % 50) as word
      from generate_series(1, 250000) as n`
    expect((await exported(many, 'many.parquet')).rows).toBe(250_000)
    const bytes = readFileSync(join(folder, 'many.parquet'))
    const { row_groups: groups, schema } = parquetMetadata(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    )
    expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([100_000, 100_000, 50_000])
    expect(schema.map(({ name, type }) => [name, type])).toEqual([
      ['root', undefined],
      ['id', 'INT32'],
      ['nothing', 'BYTE_ARRAY'],
      ['word', 'BYTE_ARRAY'],
    ])
    const columns = { id: 'int', nothing: 'text', word: 'text' }
    await load(join(folder, 'many.parquet'), columns)
    const [sums] = await database.rows(
      sql`select count(*)::int as n, sum(id)::float as ids, count(nothing)::int as some from raw.t
          where word = repeat('x' || chr(10), id % 50)`,
    )
    expect(sums).toEqual({ n: 250_000, ids: 31_250_125_000, some: 0 })
    expect((await exported(sql`select 1 as id where false`, 'none.parquet')).rows).toBe(0)
    await load(join(folder, 'none.parquet'), { id: 'int' })
    expect(await database.rows(sql`select * from raw.t`)).toEqual([])
  })

  it('refuses a value that its types do not have, and leaves nothing', async () => {
    const refused = (value: string) => exported(sql`select ${unsafeSql(value)} as a`, 'bad/t.parquet')
    await expect(refused(`'NaN'::numeric(5,2)`)).rejects.toThrow("'a' cannot be written: NaN is no decimal")
    await expect(refused(`'infinity'::date`)).rejects.toThrow('infinite')
    await expect(refused(`'infinity'::timestamptz`)).rejects.toThrow('infinity')
    expect(readdirSync(join(folder, 'bad'))).toEqual([])
    expect(exportTarget('t.parquet.gz')).toBe(null)
  })
})

describe('the files', () => {
  it('have a header, values of type json on one line, and times in UTC', async () => {
    const query = sql`select 1 as "a, b", timestamptz '2026-01-01 12:00+02' as at, e'{"x":\n 1}'::json as tree`
    await exported(query, 'notation.csv')
    expect(readFileSync(join(folder, 'notation.csv'), 'utf8')).toBe(
      '"a, b",at,tree\n1,2026-01-01 10:00:00+00,"{""x"":\n 1}"\n',
    )
    await exported(query, 'notation.ndjson')
    expect(readFileSync(join(folder, 'notation.ndjson'), 'utf8')).toBe(
      '{"a, b":1,"at":"2026-01-01T10:00:00+00:00","tree":{"x":  1}}\n',
    )
  })

  it('are there without rows, but for those of dates', async () => {
    const none = sql`select id, day from original.t where false`
    expect(await exported(none, 'none.csv.gz')).toMatchObject({ rows: 0, files: [{ rows: 0 }] })
    expect(gunzipSync(readFileSync(join(folder, 'none.csv.gz'))).toString()).toBe('id,day\n')
    expect(await exported(none, 'none/t.csv', 'day')).toEqual({ rows: 0, files: [] })
  })

  it('stay as they were when the query fails in the middle, and nothing else is left', async () => {
    const own = mkdtempSync(join(folder, 'kept-'))
    const path = join(own.slice(folder.length + 1), 't.csv')
    writeFileSync(join(folder, path), 'old')
    const failing = sql`select 1000 / (300000 - n) as word from generate_series(1, 300000) as n`
    await expect(exported(failing, path)).rejects.toThrow('division by zero')
    expect(readdirSync(own)).toEqual(['t.csv'])
    expect(readFileSync(join(folder, path), 'utf8')).toBe('old')
  })

  it('are refused where they cannot be what is asked for', async () => {
    const refusal = (query: SQLQuery, file: string, by?: string) =>
      exported(query, file, by).then(
        () => 'none',
        (error) => error.problems?.[0],
      )
    expect(await refusal(sql`select 1 as a, 2 as a`, 'no.csv')).toMatchObject({
      code: 'export-failed',
      message: "two columns are called 'a'",
    })
    const original = sql`select * from original.t`
    expect(await refusal(original, 'no.csv', 'at')).toMatchObject({
      message: "'at' is of type timestamptz, and rows are divided by a date",
    })
    expect(await refusal(original, 'no.csv', 'dya')).toMatchObject({
      message: "there is no column 'dya' to divide by",
    })
    expect(await refusal(sql`select day from original.t`, 'no.csv', 'day')).toMatchObject({
      code: 'export-failed',
    })
    writeFileSync(join(folder, 'a-file'), '')
    expect(await refusal(original, 'a-file/t.csv')).toMatchObject({ code: 'export-failed' })
    expect(existsSync(join(folder, 'no.csv'))).toBe(false)
  })
})
