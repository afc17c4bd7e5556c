/**
 * A broken number that happens to be whole: `1.0` in YAML or a template. JavaScript has one kind of number, and in SQL
 * it matters which was written: `7 / 2` is 3 and `7 / 2.0` is 3.5. It stands only where values go into templates.
 */
export class WholeFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  valueOf(): number {
    return this.value
  }

  toString(): string {
    return Math.abs(this.value) < 1e16 ? `${this.value}.0` : String(this.value)
  }

  toJSON(): number {
    return this.value
  }
}

/** The value with plain numbers, but for what stands below keys that `isKept` names. */
export function withPlainNumbers(value: unknown, isKept: (key: string) => boolean): unknown {
  if (value instanceof WholeFloat) return value.value
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map((item) => withPlainNumbers(item, isKept))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, isKept(key) ? item : withPlainNumbers(item, isKept)]),
  )
}
