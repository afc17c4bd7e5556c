/*
 * A model's `unique_key` is SQL, as in dbt: `id` and `Id` are the column id, `"Id"` is another one, and whatever is no
 * name is an expression over the row, such as `date_trunc('day', at)`.
 */

const plainName = /^[\p{L}_][\p{L}\p{N}_$]*$/u
const quotedName = /^"((?:[^"]|"")+)"$/

/** The column that a part of a key names; null for an expression. */
export function keyColumn(part: string): string | null {
  const written = part.trim()
  const quoted = quotedName.exec(written)
  if (quoted) return quoted[1]!.replaceAll('""', '"')
  return plainName.test(written) ? written.toLowerCase() : null
}

/** The columns of a key; a part that names none stands for itself. */
export function keyColumns(uniqueKey: readonly string[]): string[] {
  return uniqueKey.map((part) => keyColumn(part) ?? part)
}

/** The parts of a key as expressions, where not all of them are columns. */
export function keyExpressions(uniqueKey: readonly string[]): readonly string[] | null {
  return uniqueKey.every((part) => keyColumn(part) !== null) ? null : uniqueKey
}
