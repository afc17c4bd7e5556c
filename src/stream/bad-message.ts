/** A message that cannot become a row, and why. */
export class BadMessage extends Error {
  /** The column whose value was bad, where it was one. */
  readonly column: string | null

  constructor(reason: string, column: string | null = null) {
    super(reason)
    this.name = 'BadMessage'
    this.column = column
  }
}

/** A value in words, cut to what a reason can hold. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'bigint'
      ? value.toString()
      : Buffer.isBuffer(value)
        ? 'bytes'
        : (JSON.stringify(value) ?? 'nothing')
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}
