import { expect, test } from 'vitest'
import { encodeTexts } from '../../../src/core/encoded-texts.ts'
import { makeRowsWriter } from '../../../src/warehouse/copy/binary-writer.ts'
import { type BinaryColumn, binaryEnd, binaryHead, makeBinaryWriter } from '../../../src/warehouse/index.ts'

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

const labels: BinaryColumn[] = [
  { name: 'id', type: 'bigint' },
  ...['a', 'b', 'c'].map((name) => ({ name, type: 'text' })),
  { name: 'n', type: 'int' },
]

test.each([
  [['a', 'b', 'c']],
  [['é', null, '']],
  [[null, null, null]],
  [['ab', 'abcdefgh', 'x'.repeat(300_000)]],
])('texts made beforehand are the same bytes as one by one: %#', (texts) => {
  const encoded = encodeTexts(texts)
  const [together, apart] = [writer(labels), writer(labels)]
  for (let row = 0; row < 3; row++) {
    for (const { writer: w } of [together, apart]) {
      w.startRow()
      w.int8(row)
      if (w === together.writer) w.texts(encoded)
      else for (const text of texts) text === null ? w.null() : w.text(text)
      w.int4(-1)
    }
  }
  for (const { writer: w } of [together, apart]) w.finish()
  expect(together.bytes().equals(apart.bytes())).toBe(true)
})

test('texts that reach over columns of other types are refused', () => {
  const { writer: w } = writer(labels)
  w.startRow()
  expect(() => w.texts(encodeTexts(['1', 'a']))).toThrow('row 1 calls text() where int8() is expected')
  const { writer: other } = writer(labels)
  other.startRow()
  other.int8(1)
  expect(() => other.texts(encodeTexts(['a', 'b', 'c', '4']))).toThrow('column 5 "n" is int')
})

test('rows alone come in chunks of whole rows, whatever the length of a text', () => {
  const rows = [
    'short',
    'x'.repeat(250_000),
    'y'.repeat(300_000),
    ...Array(9000).fill('z'.repeat(60)),
    'last',
  ]
  const chunks: Buffer[] = []
  const w = makeRowsWriter('shop.users', columns, (chunk) => chunks.push(chunk))
  const whole = writer()
  rows.forEach((text, id) => {
    for (const one of [w, whole.writer]) {
      one.startRow()
      one.int8(id)
      one.text(text)
      one.int2(1)
    }
  })
  for (const one of [w, whole.writer]) one.finish()
  expect(Buffer.concat([binaryHead, ...chunks, binaryEnd]).equals(whole.bytes())).toBe(true)
  // A text gets room for three bytes a character. The chunk of one for which 256 KiB are too little takes other rows, too.
  expect(chunks.map(({ length }) => length)).toEqual([29, 250_024, 899_868, 156_184])
  const sizes = rows.map((text) => 2 + 12 + 4 + text.length + 6)
  let end = 0
  const ends = new Set(sizes.map((size) => (end += size)))
  let sofar = 0
  for (const chunk of chunks) {
    sofar += chunk.length
    expect(ends.has(sofar)).toBe(true)
  }
})

test('chunks are made in memory that is left over, where it is enough', () => {
  const spare = [new ArrayBuffer(1000), new ArrayBuffer(256 * 1024)]
  const [small, large] = spare
  const chunks: Buffer[] = []
  const w = makeRowsWriter(
    'shop.users',
    columns,
    (chunk) => chunks.push(chunk),
    () => spare.shift(),
  )
  for (let id = 0; id < 10_000; id++) {
    w.startRow()
    w.int8(id)
    w.text('z'.repeat(60))
    w.int2(1)
  }
  w.finish()
  expect(chunks).toHaveLength(4)
  expect(chunks.map(({ buffer }) => [small, large].indexOf(buffer as ArrayBuffer))).toEqual([-1, 1, -1, -1])
})
