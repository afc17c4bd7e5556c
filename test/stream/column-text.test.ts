import { describe, expect, it } from 'vitest'
import type { TimeUnit } from '../../src/core/stream-spec.ts'
import { columnText } from '../../src/stream/column-text.ts'
import { jsonText, LongNumber, parseJson } from '../../src/stream/long-number.ts'

/** The text, or why there is none. */
function textOf(type: string, value: unknown, unit: TimeUnit | null = null): string {
  try {
    return columnText(type, unit)(value)
  } catch (error) {
    return `bad: ${(error as Error).message}`
  }
}

describe('values of columns', () => {
  it.each([
    ['bigint', 5, '5'],
    ['bigint', '9223372036854775807', '9223372036854775807'],
    ['bigint', new LongNumber('9007199254740993'), '9007199254740993'],
    ['bigint', 1.5, 'bad: 1.5 is no bigint'],
    ['bigint', true, 'bad: true is no bigint'],
    ['smallint', 40_000, 'bad: 40000 is no smallint'],
    ['integer', '-7', '-7'],
    ['integer', '', 'bad: "" is no integer'],
    ['numeric(5,2)', 999.99, '999.99'],
    ['numeric(5,2)', 1000, 'bad: 1000 does not fit numeric(5,2)'],
    ['numeric', new LongNumber('0.1234567890123456789'), '0.1234567890123456789'],
    ['double precision', '1e3', '1e3'],
    ['float8', 'abc', 'bad: "abc" is no number'],
    ['boolean', 'yes', 't'],
    ['boolean', 2, 'bad: 2 is no boolean'],
    ['text', 'a\tb\\c\nd', 'a\\tb\\\\c\\nd'],
    ['text', { a: 1 }, '{"a":1}'],
    ['text', 'a\u0000', 'bad: a text holds the zero character, which PostgreSQL cannot'],
    ['varchar(3)', 'äöü', 'äöü'],
    ['character varying(3)', '\u{1f600}\u{1f600}\u{1f600}', '\u{1f600}\u{1f600}\u{1f600}'],
    ['varchar(3)', 'abcd', 'bad: "abcd" is longer than 3 characters'],
    ['uuid', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
    ['uuid', 'x', 'bad: "x" is no uuid'],
    ['jsonb', [1, new LongNumber('12345678901234567890')], '[1,12345678901234567890]'],
    ['bytea', Buffer.from('hi'), '\\\\x6869'],
    ['date', '2024-02-29', '2024-02-29'],
    ['date', '2023-02-29', 'bad: "2023-02-29" is no date'],
    ['text[]', ['a"b', null], '{"a\\\\"b",NULL}'],
  ])('%s of %o is %s', (type, value, text) => {
    expect(textOf(type, value)).toBe(text)
  })

  it.each([
    ['timestamptz', '2026-01-02T03:04:05Z', null, '2026-01-02T03:04:05Z'],
    ['timestamptz', '2026-01-02 03:04:05.5', null, '2026-01-02 03:04:05.5Z'],
    ['timestamp with time zone', '2026-01-02', null, '2026-01-02T00:00:00Z'],
    ['timestamp', '2026-01-01T00:30:00.25+02:00', null, '2025-12-31T22:30:00.25'],
    ['timestamp(3) without time zone', '2026-01-01T00:30:00', null, '2026-01-01T00:30:00'],
    ['timestamptz', 1_770_000_000_123, 'ms', '2026-02-02T02:40:00.123Z'],
    ['timestamptz', 1_770_000_000.5, 's', '2026-02-02T02:40:00.500Z'],
    ['timestamptz', 1_770_000_000_123_456, 'us', '2026-02-02T02:40:00.123456Z'],
    ['timestamptz', -1, 'us', '1969-12-31T23:59:59.999999Z'],
    ['timestamptz', 1e18, 's', /^bad: .* between the years 1 and 9999$/],
    ['timestamptz', '2026-01-02T25:00:00Z', null, 'bad: "2026-01-02T25:00:00Z" is no time'],
    ['timestamptz', 'yesterday', null, 'bad: "yesterday" is no time'],
  ] as const)('%s of %s (%s) is %s', (type, value, unit, text) => {
    expect(textOf(type, value, unit)).toMatch(text instanceof RegExp ? text : new RegExp(`^${quoted(text)}$`))
  })
})

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

describe('JSON', () => {
  it('keeps the digits of long numbers, and takes none for one that stands in a text', () => {
    const text = '{"a":12345678901234567890,"b":"12345678901234567890","c":[-0.12345678901234567],"d":1.5}'
    const value = parseJson(text) as Record<string, unknown>
    expect(value['a']).toEqual(new LongNumber('12345678901234567890'))
    expect(value['b']).toBe('12345678901234567890')
    expect(value['d']).toBe(1.5)
    expect(jsonText(value)).toBe(text)
  })

  it('is refused where it is none, with long numbers in it or without', () => {
    expect(() => parseJson('{"a": 12345678901234567890.1.2}')).toThrow()
    expect(() => parseJson('{"a": 0123456789012345678}')).toThrow()
    expect(() => parseJson('{"a"}')).toThrow()
  })
})
