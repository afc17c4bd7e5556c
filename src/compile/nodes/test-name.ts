import { createHash } from 'node:crypto'

/** Names longer than this are cut and end in a hash, since stored failures are tables of that name. */
const maxLength = 63

export interface GenericTestIdentity {
  /** The macro's short name: `not_null`, `dbt_utils.equal_rowcount`. */
  readonly test: string
  /** The model, or `<source>_<table>` of a source. */
  readonly subject: string
  readonly isSource: boolean
  readonly column?: string
  readonly args: Readonly<Record<string, unknown>>
}

/** The name dbt gives a generic test: macro, subject, then column and arguments, joined by underscores. */
export function genericTestName({ test, subject, isSource, column, args }: GenericTestIdentity): string {
  const parts = Object.entries({ ...args, ...(column !== undefined && { column_name: column }) })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, value]) => flatten(value))
    .map((part) => String(part).replace(/[^0-9a-zA-Z_]+/g, '_'))
  const head = `${isSource ? 'source_' : ''}${test.replace('.', '_')}_${subject}`
  const full = `${head}_${parts.join('__')}`
  if (full.length <= maxLength) return full
  return `${head.slice(0, 30)}_${createHash('md5').update(full).digest('hex')}`
}

/** Ten hexadecimal digits that keep the ids of tests with equal names apart. */
export function testHash(name: string, details: unknown): string {
  return createHash('md5')
    .update(`${name}${JSON.stringify(details)}`)
    .digest('hex')
    .slice(-10)
}

function flatten(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'object' && value !== null) return Object.values(value)
  return [value]
}
