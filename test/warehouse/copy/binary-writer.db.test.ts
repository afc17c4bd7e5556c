import { expect, test } from 'vitest'
import { createTable, makeBinaryWriter, sql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../test-database.ts'

const warehouse = useWarehouse()

test('every type arrives as it was written', async () => {
  const relation = { schema: 'public', identifier: 'everything' }
  const columns = [
    { name: 'b', type: 'boolean' },
    { name: 'i2', type: 'smallint' },
    { name: 'i4', type: 'integer' },
    { name: 'i8', type: 'bigint' },
    { name: 'f8', type: 'double precision' },
    { name: 't', type: 'text' },
    { name: 'v', type: 'varchar(40)' },
    { name: 'at', type: 'timestamptz' },
    { name: 'local', type: 'timestamp' },
    { name: 'day', type: 'date' },
    { name: 'j', type: 'json' },
  ]
  await warehouse().query(createTable(relation, columns))
  const rows = [
    [true, -32768, 2147483647, Number.MAX_SAFE_INTEGER, 0.1, 'grün 😀', 'x', 0, -1, 0, '{"a":1}'],
    [
      false,
      32767,
      -2147483648,
      Number.MIN_SAFE_INTEGER,
      Number.NEGATIVE_INFINITY,
      '',
      'y'.repeat(40),
      1_709_208_000_123_456,
      1,
      19_782,
      '[]',
    ],
    [
      null,
      null,
      null,
      -4_294_967_296,
      Number.NaN,
      'ab\tc\n\\',
      null,
      -62_135_596_800_000_000,
      null,
      -719_162,
      null,
    ],
  ] as const
  const taken = await warehouse().withSession(async (session) => {
    const sink = session.copyIn(
      relation,
      columns.map(({ name }) => name),
      { format: 'binary' },
    )
    const chunks: Buffer[] = []
    const w = makeBinaryWriter('public.everything', columns, (chunk) => chunks.push(chunk))
    const methods = [
      'bool',
      'int2',
      'int4',
      'int8',
      'float8',
      'text',
      'text',
      'timestamptz',
      'timestamptz',
      'date',
      'text',
    ] as const
    for (const row of rows) {
      w.startRow()
      row.forEach((value, i) => {
        if (value === null) w.null()
        else if (methods[i] === 'text' && i === 5) w.textBytes(Buffer.from(value as string))
        else (w[methods[i]!] as (value: unknown) => void)(value)
      })
    }
    w.finish()
    for (const chunk of chunks) await sink.write(chunk)
    return sink.finish()
  })
  expect(taken).toEqual({ rows: 3, skippedLines: [] })
  const { rows: found } = await warehouse().query(sql`
    select b, i2, i4, i8, f8, t, v, extract(epoch from at)::numeric * 1000000 as at, local::text, day, j::text
    from public.everything order by i8 desc`)
  expect(found.map((row) => Object.values(row))).toEqual([
    [
      true,
      -32768,
      2147483647,
      Number.MAX_SAFE_INTEGER,
      0.1,
      'grün 😀',
      'x',
      '0.000000',
      '1969-12-31 23:59:59.999999',
      '1970-01-01',
      '{"a":1}',
    ],
    [
      null,
      null,
      null,
      -4294967296,
      Number.NaN,
      'ab\tc\n\\',
      null,
      '-62135596800000000.000000',
      null,
      '0001-01-01',
      null,
    ],
    [
      false,
      32767,
      -2147483648,
      Number.MIN_SAFE_INTEGER,
      Number.NEGATIVE_INFINITY,
      '',
      'y'.repeat(40),
      '1709208000123456.000000',
      '1970-01-01 00:00:00.000001',
      '2024-02-29',
      '[]',
    ],
  ])
})
