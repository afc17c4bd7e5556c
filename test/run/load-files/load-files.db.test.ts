import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { beforeEach, describe, expect, it } from 'vitest'
import { rollback } from '../../../src/run/rollback.ts'
import { sql, type Warehouse, withWarehouse } from '../../../src/warehouse/index.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from '../run-project.ts'
import { declaredLoad } from './declared-load.ts'

const database = useProjectDatabase()

beforeEach(async () => {
  await database.rows(sql`drop schema if exists raw cascade`)
  await database.rows(sql`drop schema if exists estimand cascade`)
})

/** A load of `raw.t`, with more keys in YAML. */
function loadOf(keys: string, columns = '{ name: id, type: int }, { name: word, type: text }'): Files {
  return declaredLoad(`kind: files\n${keys}`, columns)
}

interface Shop {
  readonly root: string
  readonly run: (options?: ProjectRunOptions) => ReturnType<typeof runProject>
  readonly write: (file: string, bytes: string | Buffer) => void
}

/** A project in a folder, to be run several times. */
function inProject<T>(files: Files, body: (shop: Shop) => Promise<T>): Promise<T> {
  return withProject(files, (root) =>
    body({
      root,
      run: (options = {}) =>
        runProject(root, database.connection, { ...options, env: { DATABASE_URL: database.url } }),
      write: (file, bytes) => {
        mkdirSync(dirname(join(root, file)), { recursive: true })
        writeFileSync(join(root, file), bytes)
      },
    }),
  )
}

/** Loads bytes as one file, and tells what came of it. */
async function loaded(
  keys: string,
  bytes: string | Buffer,
  {
    name = 'data/t.csv',
    columns,
    ...options
  }: { readonly name?: string; readonly columns?: string } & ProjectRunOptions = {},
) {
  return inProject(loadOf(`from: ${name}\n${keys}`, columns), async ({ run, write }) => {
    write(name, bytes)
    const { result, node, events } = await run(options)
    const warnings = events.flatMap((event) =>
      event.type === 'log' && event.level === 'warn' ? [event.message] : [],
    )
    return { result, node: node('t'), warnings }
  })
}

const rows = () => database.rows(sql`select * from raw.t order by 1`)
const badRows = () =>
  database.rows(sql`select line::int, column_name as column, reason, raw from raw.t__bad_rows order by line`)

describe('a Parquet file', () => {
  /** Three rows, written by pyarrow; the second is all null but for its key, and the third has a line break. */
  const bytes = readFileSync(join(import.meta.dirname, 'files/pyarrow.parquet'))
  const name = 'data/t.parquet'

  it('is loaded by the names of its fields, exact, with what is nested as JSON', async () => {
    const columns = `{ name: id, type: bigint }, { name: amount, type: "numeric(18,2)", from: amount },
      { name: nested, type: jsonb }, { name: list, type: jsonb }, { name: happened_at, type: timestamptz, from: at },
      { name: day, type: date }`
    const { result } = await loaded('unknown_fields: ignore', bytes, { name, columns })
    expect(result.problems).toEqual([])
    expect(await database.rows(sql`select to_jsonb(t) as row from raw.t as t order by id`)).toMatchObject([
      { row: { id: 2, amount: null, nested: null, list: null, happened_at: null } },
      { row: { id: 3, amount: -123456789012345.67, list: [], day: '1969-12-31' } },
      { row: { nested: { a: 1, b: [{ c: 1.1, d: '2026-01-01' }, null], m: 'q"' }, list: [1, null, 3] } },
    ])
    expect(
      await database.rows(
        sql`select amount::text, happened_at at time zone 'UTC' = '2026-01-01 11:00:00.123456' as same from raw.t where id > 3`,
      ),
    ).toEqual([{ amount: '1.50', same: true }])
  })

  it('has bad rows by their number, whatever values hold line breaks', async () => {
    // Directly and through a stage.
    for (const type of [
      'word, type: "varchar(16)"',
      'word, type: "varchar(16)" }, { name: again, type: text, from: word',
    ]) {
      await database.rows(sql`drop schema if exists raw cascade`)
      await database.rows(sql`drop schema if exists estimand cascade`)
      const rows = [
        { word: 'a\nb\nc' },
        { word: 'far too long to be a word' },
        { word: null },
        { word: 'and this is another one' },
      ]
      const { result } = await loaded("unknown_fields: ignore\nbad_row_limit: '90%'", parquetOf(rows), {
        name,
        columns: `{ name: ${type} }`,
      })
      expect(result.problems).toEqual([])
      expect((await badRows()).map(({ line, reason }) => [line, reason])).toEqual([
        [2, 'value too long for type character varying(16)'],
        [4, 'value too long for type character varying(16)'],
      ])
      expect(await database.rows(sql`select word from raw.t order by 1`)).toEqual([
        { word: 'a\nb\nc' },
        { word: null },
      ])
    }
  })

  it('that is broken, or has other fields, fails the load', async () => {
    const cut = await loaded('', bytes.subarray(0, 5000), { name })
    expect(cut.node.problem).toMatchObject({
      code: 'load-failed',
      message: 'data/t.parquet cannot be read: parquet file invalid (footer != PAR1)',
    })
    const other = await loaded('', bytes, { name })
    expect(other.node.problem!.message).toContain('which no column is made from')
    expect(await database.rows(sql`select to_regclass('raw.t')::text as t`)).toEqual([{ t: null }])
  })
})

/** A Parquet file of texts. */
function parquetOf(rows: readonly { readonly word: string | null }[]): Buffer {
  const data = rows.map(({ word }) => word)
  return Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'word', data, type: 'STRING' }] }))
}

describe('a delimited file', () => {
  it('is loaded by the names of its header, in whatever order', async () => {
    const { result } = await loaded('', 'word,id\nb,2\n"a, ""x""",1\n')
    expect(result.problems).toEqual([])
    expect(await rows()).toEqual([
      { id: 1, word: 'a, "x"' },
      { id: 2, word: 'b' },
    ])
  })

  it('keeps bad rows in a table beside it, with line, column, reason and text', async () => {
    const { result, node, warnings } = await loaded(
      "bad_row_limit: '90%'",
      'id,word\n1,a\nx,b\n3,"c\nd"\n4\n5,e,f\n6,g\n"y\nz",h\n8,\n',
    )
    expect(result.problems).toEqual([])
    expect(node).toMatchObject({
      status: 'success',
      rows: 4,
      badRows: 4,
      message: '4 rows, 4 bad rows in raw.t__bad_rows',
    })
    expect(warnings).toEqual(['t: 4 bad rows in quarantine'])
    expect(await rows()).toEqual([
      { id: 1, word: 'a' },
      { id: 3, word: 'c\nd' },
      { id: 6, word: 'g' },
      { id: 8, word: null },
    ])
    expect(await badRows()).toEqual([
      { line: 3, column: 'id', reason: 'invalid input syntax for type integer: "x"', raw: 'x,b' },
      { line: 6, column: 'word', reason: 'missing data for column "word"', raw: '4' },
      { line: 7, column: null, reason: 'extra data after last expected column', raw: '5,e,f' },
      {
        line: 9,
        column: 'id',
        reason: 'invalid input syntax for type integer: "y\nz"',
        raw: '"y\nz",h',
      },
    ])
  })

  it.each([
    ['gzip', 'data/t.csv.gz', gzipSync('id,word\n1,a\n2,b\n')],
    ['a byte order mark', 'data/t.csv', '\ufeffid,word\n1,a\n2,b\n'],
    ['CRLF', 'data/t.csv', 'id,word\r\n1,a\r\n2,b\r\n'],
    ['both ends of line', 'data/t.csv', 'id,word\r\n1,a\n2,b\r\n'],
    ['no break at its end', 'data/t.csv', 'id,word\n1,a\n2,b'],
    ['empty lines', 'data/t.csv', 'id,word\n1,a\n\n2,b\n\n'],
    ['what ends a COPY for servers before 18', 'data/t.csv', 'id,word\n1,a\n\\.\n2,b\n', 1],
    ['tabs', 'data/t.tsv', 'id\tword\n1\ta\n2\tb\n'],
  ] as const)('is read with %s', async (_, name, bytes, bad: number = 0) => {
    const { result, node } = await loaded('bad_row_limit: 1', bytes, { name })
    expect(result.problems).toEqual([])
    expect(node.badRows).toBe(bad)
    expect(await rows()).toEqual([
      { id: 1, word: 'a' },
      { id: 2, word: 'b' },
    ])
  })
})

describe('what is written otherwise', () => {
  it('is read as the mapping says', async () => {
    const { result } = await loaded(
      'delimiter: ";"\nnull_text: NA\nunknown_fields: ignore',
      'Nr;Datum;Zeit;ok;Preis;egal\n1;31.12.2025;1767225600;ja;1.234,50;x\n2;NA;NA;nein;;y\n',
      {
        columns: `
          { name: id, type: int, from: Nr },
          { name: day, type: date, from: Datum, format: DD.MM.YYYY },
          { name: at, type: timestamptz, from: Zeit, format: epoch },
          { name: ok, type: boolean, format: "ja|nein" },
          { name: price, type: "varchar(8)", from: Preis }`,
      },
    )
    expect(result.problems).toEqual([])
    expect(await database.rows(sql`select id, day::text, at::text, ok, price from raw.t order by 1`)).toEqual(
      [
        { id: 1, day: '2025-12-31', at: '2026-01-01 00:00:00+00', ok: true, price: '1.234,50' },
        { id: 2, day: null, at: null, ok: false, price: '' },
      ],
    )
  })

  it('has bad rows too: what no template fits, what is too long, what is none of its words', async () => {
    await loaded(
      "bad_row_limit: '90%'",
      'id,day,ok,code\n1,32.01.2026,ja,a\n2,01.02.2026,ja,b\n3,01.02.2026,maybe,c\n4,01.02.2026,nein,"toolong"\n5\nx,01.02.2026,ja,e\n',
      {
        columns: `
          { name: id, type: int },
          { name: day, type: date, format: DD.MM.YYYY },
          { name: ok, type: boolean, format: "ja|nein" },
          { name: code, type: "varchar(3)" }`,
      },
    )
    expect(await database.rows(sql`select id from raw.t order by 1`)).toEqual([{ id: 2 }])
    const bad = await badRows()
    expect(bad.map(({ line, column }) => [line, column])).toEqual([
      [2, 'day'],
      [4, 'ok'],
      [5, null],
      [6, 'day'],
      [7, 'id'],
    ])
    expect(bad.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('date/time field value out of range'),
      'invalid input syntax for type boolean: "maybe is not ja|nein"',
      'value too long for type character varying(3)',
      expect.stringContaining('missing data for column'),
      'invalid input syntax for type integer: "x"',
    ])
  })

  it('has its bad rows kept aside and every other row once, however many there are', async () => {
    const rows = Array.from({ length: 2500 }, (_, n) => `${n},${n % 500 === 7 ? '31.02.2026' : '01.02.2026'}`)
    const { node } = await loaded('', `id,day\n${rows.join('\n')}\n`, {
      columns: '{ name: id, type: int }, { name: day, type: date, format: DD.MM.YYYY }',
    })
    expect(node).toMatchObject({ rows: 2495, badRows: 5 })
    expect(
      await database.rows(sql`select count(*)::int as rows, count(distinct id)::int as ids from raw.t`),
    ).toEqual([{ rows: 2495, ids: 2495 }])
    expect((await badRows()).map(({ line, raw }) => [line, raw])).toEqual(
      [7, 507, 1007, 1507, 2007].map((n) => [n + 2, `${n},31.02.2026`]),
    )
  })

  it('is NDJSON, by path, with lines that are none kept aside', async () => {
    const { result, node } = await loaded(
      "bad_row_limit: '90%'",
      [
        '{"id": 1, "user": {"name": "a\\nb", "tags": ["x", "y"]}, "more": 1}',
        '',
        '{"id": 2, "user": null}',
        '{"id": "three", "user": {}}',
        'no json',
        '{"id": 4, "user": {"name": "\\\\. \\u00e9"}}',
        '[5]',
        'null',
      ].join('\n'),
      {
        name: 'data/t.ndjson',
        columns: `
          { name: id, type: int },
          { name: name, type: text, from: $.user.name },
          { name: first_tag, type: text, from: "$.user.tags[0]" },
          { name: tags, type: jsonb, from: $.user.tags },
          { name: document, type: jsonb, from: $ }`,
      },
    )
    expect(result.problems).toEqual([])
    expect(node).toMatchObject({ rows: 3, badRows: 4 })
    expect(
      await database.rows(
        sql`select id, name, first_tag, tags, document ? 'more' as whole from raw.t order by 1`,
      ),
    ).toEqual([
      { id: 1, name: 'a\nb', first_tag: 'x', tags: ['x', 'y'], whole: true },
      { id: 2, name: null, first_tag: null, tags: null, whole: false },
      { id: 4, name: '\\. é', first_tag: null, tags: null, whole: false },
    ])
    expect(await badRows()).toEqual([
      {
        line: 4,
        column: 'id',
        reason: 'invalid input syntax for type integer: "three"',
        raw: '{"id": "three", "user": {}}',
      },
      { line: 5, column: null, reason: 'invalid input syntax for type json', raw: 'no json' },
      { line: 7, column: null, reason: 'the line is no JSON object', raw: '[5]' },
      { line: 8, column: null, reason: 'the line is no JSON object', raw: 'null' },
    ])
  })

  it('is in another encoding, or in none', async () => {
    await loaded('encoding: latin1', Buffer.from('id,word\n1,caf\u00e9\n', 'latin1'))
    expect(await rows()).toEqual([{ id: 1, word: 'café' }])
    await database.rows(sql`drop schema raw cascade`)
    await loaded(
      "bad_row_limit: '90%'",
      Buffer.concat([
        Buffer.from('id,word\n1,a\n2,'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('\n3,b\n4,'),
        Buffer.from([0]),
        Buffer.from('\n5,c\n'),
      ]),
    )
    expect((await rows()).map(({ id }) => id)).toEqual([1, 3, 5])
    expect(await badRows()).toMatchObject([
      { line: 3, reason: expect.stringContaining('invalid byte sequence'), raw: '2,\ufffd\ufffd' },
      { line: 5, reason: expect.stringContaining('invalid byte sequence'), raw: '4,\ufffd' },
    ])
  })
})

describe('a file that does not fit', () => {
  it.each([
    ['id,text\n1,a\n', "data/t.csv:1  the header has no field 'word', which column 'word' is made from"],
    ['id,word,x,y\n1,a,b,c\n', "data/t.csv:1  the header has 'x', 'y', which no column is made from"],
    ['id,word,id\n1,a,b\n', "data/t.csv:1  the header has 'id' twice"],
  ])('%j is refused', async (bytes, message) => {
    const { result, node } = await loaded('', bytes)
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(node.problem).toMatchObject({ code: 'load-failed', message })
  })

  it.each([
    ['nothing', ''],
    ['a header', 'id,word\n'],
  ])('with %s in it, makes an empty table', async (_, bytes) => {
    const { node } = await loaded('', bytes)
    expect(node).toMatchObject({ status: 'success', rows: 0 })
    expect(await rows()).toEqual([])
  })

  it('that is cut off within gzip loads nothing', async () => {
    const whole = gzipSync(`id,word\n${Array.from({ length: 5000 }, (_, id) => `${id},${id}\n`).join('')}`)
    const { result, node } = await loaded('', whole.subarray(0, whole.length - 100), {
      name: 'data/t.csv.gz',
    })
    expect(result.published).toBe(false)
    expect(node.problem!.message).toBe('data/t.csv.gz cannot be read: unexpected end of file')
  })

  it.each([
    ['data/t.csv.gz', gzipSync(gzipSync('id,word\n1,a\n')), 'its bytes are packed with gzip'],
    ['data/t.csv.gz', 'id,word\n1,a\n', 'it is not packed with gzip, as its name says'],
    ['data/t.csv', Buffer.from('\ufeffid,word\n1,a\n', 'utf16le'), 'it is written in UTF-16'],
  ])('%s that is another thing says so', async (name, bytes, message) => {
    const { node } = await loaded('', bytes, { name })
    expect(node.problem!.message).toBe(`${name} cannot be read: ${message}`)
  })

  it('with another delimiter, or in another encoding, says which it may be', async () => {
    const semicolon = await loaded('', 'id;word\n1;a\n')
    expect(semicolon.node.problem).toMatchObject({
      message: "data/t.csv:1  the header has one field only, 'id;word'",
      hint: 'is it separated otherwise? delimiter: ";"',
    })
    const latin = await loaded('', Buffer.from('id,word\n1,ä\n', 'latin1'))
    expect(latin.node.problem!.hint).toMatch(/^is the file in another encoding\? encoding: win1252\n/)
  })

  it('keeps bad rows beside a table whose name is as long as names may be', async () => {
    const name = 't'.repeat(63)
    const files = loadOf("from: data/t.csv\nbad_row_limit: '90%'")
    const declared = String(files['pipelines/t.yml']).replace('      - name: t\n', `      - name: ${name}\n`)
    await inProject({ ...files, 'pipelines/t.yml': declared }, async ({ run, write }) => {
      write('data/t.csv', 'id,word\n1,a\nx,b\n')
      expect((await run()).result.published).toBe(true)
    })
    const tables = await database.rows(sql`
      select relname as name from pg_class where relnamespace = 'raw'::regnamespace and relkind = 'r' order by 1
    `)
    expect(tables).toEqual([{ name: `${'t'.repeat(53)}__bad_rows` }, { name }])
  })

  it('has rows that stop the load where they are to, or where there are too many', async () => {
    const failed = await loaded('on_bad_row: fail', 'id,word\n1,a\nx,b\n')
    expect(failed.node.problem!.message).toBe('data/t.csv:3  id: invalid input syntax for type integer: "x"')
    const many = await loaded('bad_row_limit: 1', 'id,word\n1,a\nx,b\ny,c\n')
    expect(many.node.problem!.message).toBe('t: 2 rows are bad, and 1 may be (bad_row_limit)')
    expect(many.node.problem!.hint).toContain('data/t.csv:3 id: invalid input syntax for type integer: "x"')
    const share = await loaded('', 'id,word\n1,a\nx,b\ny,c\n')
    expect(share.node.problem!.message).toBe('t: 2 of 3 rows are bad, and 10 % may be (bad_row_limit)')
    const skipped = await loaded('on_bad_row: skip\nbad_row_limit: 2', 'id,word\n1,a\nx,b\ny,c\n')
    expect(skipped.node.message).toBe('1 rows, 2 bad rows left out')
    expect(await database.rows(sql`select to_regclass('raw.t__bad_rows') as there`)).toEqual([
      { there: null },
    ])
  })
})

describe('many rows and bad ones among them', () => {
  it.each([
    ['of a server that leaves them out', undefined],
    ['of one that fails at the first', 160_000],
  ])('are found, each at its line, in whatever chunk they are: %s', async (_, serverVersion) => {
    const lines: string[] = []
    const expected: number[] = []
    let line = 2
    for (let id = 0; id < 60_000; id++) {
      const isBad = id % 1009 === 7
      const isRagged = id % 5003 === 11
      const text = id % 10 === 0 ? `"a, ""quoted""\n value ${id}"` : `a value that is long enough ${id}`
      lines.push(`${isBad ? 'x' : id},${text}${isRagged ? ',more' : ''}`)
      if (isBad || isRagged) expected.push(line)
      line += id % 10 === 0 ? 2 : 1
    }
    const options = serverVersion
      ? { between: (warehouse: Warehouse) => ({ ...warehouse, serverVersion }) }
      : {}
    const { node } = await loaded('', `id,word\n${lines.join('\n')}`, options)
    expect(node).toMatchObject({
      status: 'success',
      rows: 60_000 - expected.length,
      badRows: expected.length,
    })
    expect((await badRows()).map((row) => row['line'])).toEqual(expected)
    expect(
      await database.rows(sql`select count(*)::int as n, count(distinct id)::int as keys from raw.t`),
    ).toEqual([{ n: 60_000 - expected.length, keys: 60_000 - expected.length }])
  })
})

describe('files', () => {
  const partitioned = loadOf(
    'from: data/events/day=*/*.csv.gz\nmode: append',
    '{ name: id, type: int }, { name: day, type: date, partition: day }',
  )
  const gzipped = (text: string) => gzipSync(text)

  it('are loaded once, with the values of their folders, and kept in a ledger', async () => {
    await inProject(partitioned, async ({ run, write }) => {
      write('data/events/day=2026-01-01/a.csv.gz', gzipped('id\n1\n2\n'))
      write('data/events/day=2026-01-02/a.csv.gz', gzipped('id\n3\n'))
      expect((await run()).node('t')).toMatchObject({
        status: 'success',
        rows: 3,
        message: '3 rows from 2 files',
      })
      const again = await run()
      expect(again.node('t').status).toBe('reused')
      write('data/events/day=2026-01-02/b.csv.gz', gzipped('id\nx\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n'))
      const more = await run()
      const [started] = more.events.filter(({ type }) => type === 'run_started')
      expect(started).toMatchObject({
        plan: {
          steps: [{ action: 'increment', reason: expect.stringMatching(/^1 file to load, 0\.\d kB$/) }],
        },
      })
      expect(more.node('t')).toMatchObject({ rows: 11, badRows: 1 })
      expect(
        await database.rows(sql`select day::text, count(*)::int as n from raw.t group by 1 order by 1`),
      ).toEqual([
        { day: '2026-01-01', n: 2 },
        { day: '2026-01-02', n: 12 },
      ])
      expect(
        await database.rows(sql`
          select file, row_count::int as rows, bad_row_count::int as bad, length(checksum) as bits
          from estimand.loaded_files order by file`),
      ).toEqual([
        { file: 'data/events/day=2026-01-01/a.csv.gz', rows: 2, bad: 0, bits: 64 },
        { file: 'data/events/day=2026-01-02/a.csv.gz', rows: 1, bad: 0, bits: 64 },
        { file: 'data/events/day=2026-01-02/b.csv.gz', rows: 11, bad: 1, bits: 64 },
      ])
      const anew = await run({ fullRefresh: true })
      expect(anew.node('t')).toMatchObject({ rows: 14, badRows: 1 })
      expect(await badRows()).toHaveLength(1)
      write('data/events/day=tomorrow or so/a.csv.gz', gzipped('id\n1\n'))
      expect((await run()).node('t').problem!.message).toBe(
        'the folders of data/events/day=tomorrow or so/a.csv.gz: invalid input syntax for type date: "tomorrow or so"',
      )
    })
  })

  it.each([
    ['refuse', 'error', 2],
    ['load', 'success', 4],
    ['ignore', 'reused', 2],
  ])('that have changed: %s', async (policy, status, count) => {
    const files = loadOf(`from: data/*.csv\nmode: append\non_changed_file: ${policy}`)
    await inProject(files, async ({ root, run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n2,b\n')
      await run()
      // Touched is not changed.
      utimesSync(join(root, 'data/a.csv'), new Date(), new Date(2030, 1, 1))
      expect((await run()).node('t').status).toBe('reused')
      write('data/a.csv', 'id,word\n1,a\n3,c\n')
      expect((await run()).node('t').status).toBe(status)
      expect(await rows()).toHaveLength(count)
    })
  })

  it('are held since they first came, so that increments on the table go on', async () => {
    await inProject(
      loadOf('from: data/t.csv\nmode: append\non_changed_file: load'),
      async ({ run, write }) => {
        const since = () =>
          database.rows(sql`select loaded_at::text, row_count::int from estimand.loaded_files`)
        write('data/t.csv', 'id,word\n1,a\n')
        await run()
        const [first] = await since()
        write('data/t.csv', 'id,word\n1,a\n2,b\n')
        await run()
        expect(await since()).toEqual([{ ...first, row_count: 2 }])
      },
    )
  })

  it('may go away once they are loaded, but not all of a table that is to be replaced', async () => {
    const files = (mode: string) => loadOf(`from: data/*.csv\nmode: ${mode}`)
    await inProject(files('append'), async ({ root, run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n')
      await run()
      rmSync(join(root, 'data/a.csv'))
      expect((await run()).node('t').status).toBe('reused')
      const anew = await run({ fullRefresh: true })
      expect(anew.node('t').problem!.message).toBe('there is no file data/*.csv, and raw.t would be empty')
      expect(await rows()).toHaveLength(1)
    })
  })

  it('replace rows by their key, the last one of several', async () => {
    const files = {
      ...loadOf('from: data/*.csv\nmode: upsert\nkey: id'),
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: t }] }]',
      'models/words.sql': `{{ config(materialized='table') }} select id, word from {{ source('raw', 't') }}`,
    }
    await inProject(files, async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n2,b\n1,c\n')
      const first = await run()
      expect(first.node('t').problem).toBeUndefined()
      expect(first.node('t').rows).toBe(2)
      write('data/b.csv', 'id,word\n2,x\n3,y\n3,z\n,no key\n1,c\n2,w\n3,q\n4,d\n5,e\n6,f\n7,g\n')
      const second = await run()
      expect(second.result.problems).toEqual([])
      expect(second.node('t')).toMatchObject({ rows: 7, badRows: 1 })
      const expected = [
        { id: 1, word: 'c' },
        { id: 2, word: 'w' },
        { id: 3, word: 'q' },
        ...['d', 'e', 'f', 'g'].map((word, index) => ({ id: 4 + index, word })),
      ]
      expect(await rows()).toEqual(expected)
      // A reader within the run has seen what would be published.
      expect(await database.rows(sql`select * from analytics.words order by 1`)).toEqual(expected)
      expect(await badRows()).toMatchObject([{ line: 5, column: 'id', raw: ',no key' }])
    })
  })

  it('of a run that fails are loaded by the next', async () => {
    const files = {
      ...loadOf('from: data/*.csv\nmode: append'),
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: t }] }]',
      'tests/few.sql': `select 1 from {{ source('raw', 't') }} having count(*) > 2`,
    }
    await inProject(files, async ({ root, run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n2,b\n')
      await run()
      write('data/b.csv', 'id,word\n3,c\n')
      const failed = await run()
      expect(failed.result).toMatchObject({ status: 'failed', published: false })
      expect(await rows()).toHaveLength(2)
      rmSync(join(root, 'tests/few.sql'))
      await run()
      expect(await rows()).toHaveLength(3)
      expect((await run()).node('t').status).toBe('reused')
    })
  })

  it('of a publication that is taken back are to be loaded again', async () => {
    await inProject(loadOf('from: data/*.csv\nmode: append'), async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n')
      await run({ keepPublications: 2 })
      write('data/b.csv', 'id,word\n2,b\n')
      await run({ keepPublications: 2 })
      expect(await rows()).toHaveLength(2)
      await withWarehouse(database.connection, { threads: 1, applicationName: 'rollback' }, (warehouse) =>
        rollback({
          say: () => {},
          ...{ warehouse, runId: randomUUID(), dryRun: false, waitMs: 1000, clock: () => new Date() },
          owner: { project: 'shop', target: 'test', schema: warehouse.target.schema },
          startedBy: { host: 'here', user: 'tester', processId: process.pid },
          signal: new AbortController().signal,
        }),
      )
      expect(await rows()).toHaveLength(1)
      expect(await database.rows(sql`select file from estimand.loaded_files`)).toEqual([
        { file: 'data/a.csv' },
      ])
      await run()
      expect(await rows()).toHaveLength(2)
    })
  })

  it('are packed with zstd, too', async () => {
    // What `zstd` makes of the text: a frame of one raw block.
    const frame = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 12, (12 << 3) | 1, 0, 0]),
      Buffer.from('id,word\n1,a\n'),
    ])
    const { node } = await loaded('', frame, { name: 'data/t.csv.zst' })
    expect(node.problem).toBeUndefined()
    expect(await rows()).toEqual([{ id: 1, word: 'a' }])
    const cut = await loaded('', frame.subarray(0, 15), { name: 'data/t.csv.zst', fullRefresh: true })
    expect(cut.node.problem!.message).toMatch(/^data\/t\.csv\.zst cannot be read: unexpected/)
  })

  it('bring columns that are new, and no other types', async () => {
    await inProject(loadOf('from: data/*.csv\nmode: append'), async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n')
      await run()
      const wider = loadOf(
        'from: data/*.csv\nmode: append\nunknown_fields: ignore',
        '{ name: id, type: int }, { name: word, type: text }, { name: extra, type: text }',
      )
      write('pipelines/t.yml', wider['pipelines/t.yml'] as string)
      write('data/b.csv', 'id,word,extra\n2,b,new\n')
      const { result } = await run()
      expect(result.problems).toEqual([])
      expect(await rows()).toEqual([
        { id: 1, word: 'a', extra: null },
        { id: 2, word: 'b', extra: 'new' },
      ])
      const other = loadOf('from: data/*.csv\nmode: append', '{ name: id, type: text }')
      write('pipelines/t.yml', other['pipelines/t.yml'] as string)
      write('data/c.csv', 'id\n2\n')
      expect((await run()).node('t').problem!.message).toBe(
        "column 'id' is integer in raw.t and text in the declaration",
      )
    })
  })

  it('refuse a row whose key is there already, and leave the table as it was', async () => {
    const keyed = loadOf('from: data/*.csv\nmode: append')
    const declared = `${keyed['pipelines/t.yml'] as string}\n        primary_key: [id, word]\n`
    await inProject({ ...keyed, 'pipelines/t.yml': declared }, async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n2,b\n')
      await run()
      write('data/b.csv', 'id,word\n2,a\n3,b\n')
      expect((await run()).node('t').status).toBe('success')
      write('data/c.csv', 'id,word\n4,d\n2,b\n')
      const { problem } = (await run()).node('t')
      expect(problem!.message).toBe('raw.t has a row for {"id":2,"word":"b"} already')
      expect(await rows()).toHaveLength(4)
    })
  })

  it.each(['replace', 'append'])('tell the first key that two rows have (%s)', async (mode) => {
    const keyed = loadOf(`from: data/*.csv\nmode: ${mode}`)
    const declared = `${keyed['pipelines/t.yml'] as string}\n        primary_key: [id, word]\n`
    await inProject({ ...keyed, 'pipelines/t.yml': declared }, async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n')
      expect((await run()).node('t').status).toBe('success')
      write('data/b.csv', 'id,word\n4,d\n3,c\n2,b\n3,c\n4,d\n4,d\n')
      const { problem } = (await run()).node('t')
      expect(problem).toMatchObject({
        code: 'load-failed',
        message: 'raw.t would have 2 rows with the primary key id = 3, word = c',
        hint: expect.stringContaining('mode: upsert keeps the last row of each key'),
      })
      expect(await rows()).toHaveLength(1)
    })
  })

  it('are bad in rows that have no primary key', async () => {
    const keyed = loadOf('from: data/*.csv\nbad_row_limit: 5')
    const declared = `${keyed['pipelines/t.yml'] as string}\n        primary_key: [id]\n`
    await inProject({ ...keyed, 'pipelines/t.yml': declared }, async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n,b\n')
      const { problem, message } = (await run()).node('t')
      expect(problem).toBeUndefined()
      expect(message).toContain('1 bad row in raw.t__bad_rows')
      expect(await rows()).toEqual([{ id: 1, word: 'a' }])
    })
  })

  it('are not read with --empty', async () => {
    await inProject(loadOf('from: data/*.csv\nmode: append'), async ({ run, write }) => {
      write('data/a.csv', 'id,word\n1,a\n')
      expect((await run({ empty: true })).node('t')).toMatchObject({ status: 'success', rows: 0 })
      expect(await rows()).toEqual([])
      await run()
      expect(await rows()).toHaveLength(1)
      expect((await run({ empty: true })).node('t').status).toBe('reused')
      expect(await rows()).toHaveLength(1)
    })
  })
})
