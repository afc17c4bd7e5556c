import { expect, test } from 'vitest'
import { type BinaryColumn, makeBinaryWriter } from '../../../src/warehouse/index.ts'

const columns: BinaryColumn[] = [
  { name: 'id', type: 'bigint' },
  { name: 'name', type: 'varchar(20)' },
  { name: 'n', type: 'smallint' },
]

function writer(list = columns) {
  const chunks: Buffer[] = []
  const made = makeBinaryWriter('shop.users', list, (chunk) => chunks.push(chunk))
  return { writer: made, bytes: () => Buffer.concat(chunks), chunks }
}

test('writes the bytes that the format prescribes', () => {
  const { writer: w, bytes } = writer()
  w.startRow()
  w.int8(-2)
  w.text('é')
  w.null()
  w.finish()
  w.finish()
  const expected = [
    Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1').toString('hex'),
    '00000000 00000000',
    '0003',
    '00000008 fffffffffffffffe',
    '00000002 c3a9',
    'ffffffff',
    'ffff',
  ]
  expect(bytes().toString('hex')).toBe(expected.join('').replaceAll(' ', ''))
  expect(w.rows).toBe(1)
})

test('hands chunks over as they fill, whatever the length of a text, and never touches them again', () => {
  const { writer: w, chunks, bytes } = writer()
  const long = 'x'.repeat(700_000)
  for (let i = 0; i < 20_000; i++) {
    w.startRow()
    w.int8(i)
    w.text(i === 10_000 ? long : 'abcdefghij')
    w.int2(7)
  }
  const seen = chunks.map((chunk) => chunk.toString('latin1'))
  w.finish()
  expect(chunks.length).toBeGreaterThan(2)
  expect(seen).toEqual(chunks.slice(0, seen.length).map((chunk) => chunk.toString('latin1')))
  expect(bytes().length).toBe(19 + 20_000 * (2 + 12 + 4 + 10 + 6) + 699_990 + 2)
})

test('a call of another type is named with table, row, column, what is expected and what came', () => {
  const { writer: w } = writer()
  w.startRow()
  expect(() => w.text('1')).toThrow(
    'shop.users, column 1 "id" is bigint: row 1 calls text() where int8() is expected',
  )
})

test.each([
  [
    'too few',
    (w: ReturnType<typeof writer>['writer']) => w.startRow(),
    'row 1 has 1 of 3 columns (id, name, n)',
  ],
  ['too few at the end', (w: ReturnType<typeof writer>['writer']) => w.finish(), 'row 1 has 1 of 3 columns'],
  [
    'too many',
    (w: ReturnType<typeof writer>['writer']) => {
      for (let i = 0; i < 3; i++) w.null()
    },
    'row 1 has more than 3 columns',
  ],
])('%s columns are refused', (_, act, message) => {
  const { writer: w } = writer()
  w.startRow()
  w.int8(1)
  expect(() => act(w)).toThrow(message)
})

test('a number that does not fit is refused instead of cut', () => {
  const { writer: w } = writer([
    { name: 'a', type: 'int' },
    { name: 'b', type: 'int2' },
    { name: 'c', type: 'int8' },
  ])
  w.startRow()
  expect(() => w.int4(2 ** 31)).toThrow('shop.users, column 1 "a": 2147483648 in row 1 is no int')
  expect(() => w.int2(40_000)).toThrow('40000')
  expect(() => w.int8(0.5)).toThrow('0.5')
})

test('a type that it cannot write is refused at once', () => {
  expect(() => writer([{ name: 'price', type: 'numeric(12, 2)' }])).toThrow('shop.users.price')
})
