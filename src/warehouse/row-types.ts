import type { CustomTypesConfig } from 'pg'
import pg from './pg.ts'

/*
 * How values of a result arrive in JavaScript.
 *
 *   int2, int4, oid, float4, float8   number
 *   int8                              number when it is exact, else string: counts and keys come as numbers
 *                                     that JSON can hold, and nothing is ever rounded
 *   numeric                           string, since a double would round it
 *   date, timestamp(tz), interval     string in ISO form, in UTC: a Date has no days and no microseconds
 *   json, jsonb                       parsed
 *   arrays of these                   arrays
 */

type Parser = (text: string) => unknown

const asText: Parser = (text) => text
const asInt8: Parser = (text) => {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

const scalars: readonly (readonly [oid: number, arrayOid: number, parser: Parser])[] = [
  [16, 1000, (text) => text === 't'],
  [20, 1016, asInt8],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [700, 1021, Number],
  [701, 1022, Number],
  [114, 199, (text) => JSON.parse(text)],
  [3802, 3807, (text) => JSON.parse(text)],
  [25, 1009, asText],
  [1043, 1015, asText],
  [19, 1003, asText],
  [1700, 1231, asText],
  [1082, 1182, asText],
  [1114, 1115, asText],
  [1184, 1185, asText],
  [1186, 1187, asText],
  [2950, 2951, asText],
]

const byOid: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  ...scalars.map(([oid, , parser]) => [oid, parser] as const),
  ...scalars.map(([, arrayOid, parser]) => [arrayOid, arrayParser(parser)] as const),
  [17, pg.types.getTypeParser(17) as Parser],
])

function arrayParser(parser: Parser): Parser {
  const { arrayParser: arrays } = pg.types as unknown as {
    arrayParser: { create(text: string, entry: Parser): { parse(): unknown[] } }
  }
  return (text) => arrays.create(text, (entry) => (entry === null ? null : parser(entry))).parse()
}

/** The parsers as pg wants them; types not listed stay text. */
export const rowTypes = {
  getTypeParser: (oid: number): Parser => byOid.get(oid) ?? asText,
} as unknown as CustomTypesConfig

const typeNames: ReadonlyMap<number, string> = new Map([
  [16, 'bool'],
  [17, 'bytea'],
  [18, 'char'],
  [19, 'name'],
  [20, 'int8'],
  [21, 'int2'],
  [23, 'int4'],
  [25, 'text'],
  [26, 'oid'],
  [114, 'json'],
  [700, 'float4'],
  [701, 'float8'],
  [1042, 'bpchar'],
  [1043, 'varchar'],
  [1082, 'date'],
  [1083, 'time'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1186, 'interval'],
  [1266, 'timetz'],
  [1700, 'numeric'],
  [2950, 'uuid'],
  [3802, 'jsonb'],
])

/** The short name of a built-in type, or its number. */
export function typeNameOf(oid: number): string {
  return typeNames.get(oid) ?? `oid ${oid}`
}

const numeric = 1700

/** The digits that a numeric type was declared with; nothing where none were. */
export function digitsOf(
  oid: number,
  modifier: number,
): { readonly digits?: { readonly precision: number; readonly scale: number } } {
  if (oid !== numeric || modifier < 4) return {}
  const bits = modifier - 4
  // Eleven bits with a sign: from PostgreSQL 15 on the scale may be negative.
  return { digits: { precision: (bits >> 16) & 0xffff, scale: ((bits & 0x7ff) ^ 1024) - 1024 } }
}
