/*
 * What the values of a field have in common: each value that is seen leaves fewer types that hold all of them.
 */

/** What became of a field's values. */
export interface FieldShape {
  /** The narrowest type that holds all values. */
  readonly type: string
  /** How they are written, where Postgres would not read them so. */
  readonly format?: string
  /** For people: the range of numbers, whether values are missing. */
  readonly remark: string
}

/** Takes note of values. */
export interface ShapeOfValues {
  /** A value as text; null for none. */
  see(value: string | null): void
  /** Takes note of what a file says of its values; null where it says nothing. It counts where all files say the same. */
  declare(type: string | null): void
  /** `rows` is how many there were, where not every one had to be seen. */
  result(rows?: number): FieldShape
}

interface Candidate {
  readonly type: string
  readonly format?: string
  readonly fits: (value: string) => boolean
}

const isoDate = /^(\d{4})-(\d\d)-(\d\d)$/
const isoTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?$/i
const zone = /(Z|[+-]\d\d(:?\d\d)?)$/i

/** From the narrowest: the first that is left is taken. */
const candidates: readonly Candidate[] = [
  { type: 'boolean', fits: (value) => /^(true|false)$/i.test(value) },
  { type: 'boolean', format: 'yes|no', fits: (value) => value === 'yes' || value === 'no' },
  // A leading zero is part of a name, not of a number.
  { type: 'integer', fits: (value) => /^-?(0|[1-9]\d*)$/.test(value) && isWithin(value, 31) },
  { type: 'bigint', fits: (value) => /^-?(0|[1-9]\d*)$/.test(value) && isWithin(value, 63) },
  { type: 'numeric', fits: (value) => /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value) },
  {
    type: 'double precision',
    fits: (value) => /^-?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(value),
  },
  { type: 'uuid', fits: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) },
  { type: 'date', fits: (value) => isDay(isoDate.exec(value), [1, 2, 3]) },
  ...dates('DD.MM.YYYY', /^(\d\d)\.(\d\d)\.(\d{4})$/, [3, 2, 1]),
  ...dates('DD/MM/YYYY', /^(\d\d)\/(\d\d)\/(\d{4})$/, [3, 2, 1]),
  ...dates('MM/DD/YYYY', /^(\d\d)\/(\d\d)\/(\d{4})$/, [3, 1, 2]),
  {
    type: 'timestamptz',
    fits: (value) => isoTime.test(value) && zone.test(value.slice(11)) && isTime(value),
  },
  { type: 'timestamp', fits: (value) => isoTime.test(value) && !zone.test(value.slice(11)) && isTime(value) },
  { type: 'jsonb', fits: (value) => /^[[{]/.test(value) && isJson(value) },
]

/** Begins with all types. */
export function shapeOfValues(): ShapeOfValues {
  let left = candidates
  let seen = 0
  let missing = 0
  const declared = new Set<string | null>()
  let least: bigint | undefined
  let most: bigint | undefined
  return {
    see(value) {
      if (value === null || value === '') {
        missing++
        return
      }
      seen++
      if (left.length > 0) left = left.filter(({ fits }) => fits(value))
      if (!left.some(({ type }) => type === 'bigint')) return
      const number = BigInt(value)
      if (least === undefined || number < least) least = number
      if (most === undefined || number > most) most = number
    },
    declare(type) {
      declared.add(type)
    },
    result(rows = seen + missing) {
      const absent = rows - seen
      const [first] = seen === 0 ? [] : left
      const isWhole = first?.type === 'integer' || first?.type === 'bigint'
      const remarks = [
        ...(seen === 0 ? ['no values'] : isWhole ? [`${least} to ${most}`] : []),
        ...(seen > 0 ? [absent > 0 ? `${absent} of ${rows} missing` : 'never missing'] : []),
      ]
      const [told] = declared.size === 1 ? declared : []
      return {
        type: told ?? first?.type ?? 'text',
        ...(first?.format && !told && { format: first.format }),
        remark: remarks.join(', '),
      }
    },
  }
}

function dates(format: string, pattern: RegExp, order: readonly [number, number, number]): Candidate[] {
  return [{ type: 'date', format, fits: (value) => isDay(pattern.exec(value), order) }]
}

/** Whether the parts of a date, as year, month and day, are those of a day that there is. */
function isDay(
  parts: RegExpExecArray | null,
  [year, month, day]: readonly [number, number, number],
): boolean {
  if (!parts) return false
  const [y, m, d] = [Number(parts[year]), Number(parts[month]), Number(parts[day])]
  const time = new Date(Date.UTC(y, m - 1, d))
  return time.getUTCMonth() === m - 1 && time.getUTCDate() === d
}

function isTime(value: string): boolean {
  const [, hours, minutes, seconds = '0'] = /^.{11}(\d\d):(\d\d)(?::(\d\d))?/.exec(value) ?? []
  return (
    isDay(isoDate.exec(value.slice(0, 10)), [1, 2, 3]) &&
    Number(hours) < 24 &&
    Number(minutes) < 60 &&
    Number(seconds) < 60
  )
}

function isWithin(value: string, bits: number): boolean {
  if (value.length < 10) return true
  const number = BigInt(value)
  const end = 2n ** BigInt(bits)
  return number >= -end && number < end
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}
