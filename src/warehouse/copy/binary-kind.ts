/*
 * The binary forms that a writer knows, and which Postgres types take which. Each is named after the writer's
 * method.
 */

/** Numbers instead of names, since they are compared for every value written. */
export const Kind = {
  bool: 1,
  int2: 2,
  int4: 3,
  int8: 4,
  float8: 5,
  text: 6,
  timestamptz: 7,
  date: 8,
} as const

export type BinaryKind = (typeof Kind)[keyof typeof Kind]

/** The writer's method for a form. */
export const kindNames = Object.fromEntries(
  Object.entries(Kind).map(([name, kind]) => [kind, name]),
) as Readonly<Record<BinaryKind, keyof typeof Kind>>

const kindByType: Readonly<Record<string, BinaryKind>> = {
  boolean: Kind.bool,
  bool: Kind.bool,
  smallint: Kind.int2,
  int2: Kind.int2,
  integer: Kind.int4,
  int: Kind.int4,
  int4: Kind.int4,
  bigint: Kind.int8,
  int8: Kind.int8,
  'double precision': Kind.float8,
  float8: Kind.float8,
  float: Kind.float8,
  text: Kind.text,
  varchar: Kind.text,
  'character varying': Kind.text,
  char: Kind.text,
  character: Kind.text,
  json: Kind.text,
  timestamptz: Kind.timestamptz,
  'timestamp with time zone': Kind.timestamptz,
  // Both count microseconds from the same instant.
  timestamp: Kind.timestamptz,
  'timestamp without time zone': Kind.timestamptz,
  date: Kind.date,
}

/** The form of a type as written in DDL; `column` is for the message when there is none. */
export function binaryKindOf(type: string, column: string): BinaryKind {
  const name = type
    .toLowerCase()
    .replace(/\s*\([^)]*\)/, '')
    .replace(/\s+/g, ' ')
    .trim()
  const kind = kindByType[name]
  if (kind !== undefined) return kind
  throw new Error(
    `${column}: a binary COPY cannot write ${type}; it can ${Object.keys(kindByType).join(', ')}`,
  )
}
