/*
 * The types that dbt gives the columns of a seed, from all of their values: number, date, timestamp or boolean where
 * every value is one, else text. What counts as a number is wide: `007`, `$1,000.50` and `5%` are.
 */

/** A column as its values are seen one after the other. */
export interface DbtColumn {
  /** Takes a value that is not null, without white space around it. */
  note(value: string): void
  /** What the column is, once all values are seen. */
  result(): DbtColumnType
}

export interface DbtColumnType {
  readonly type: string
  /** The type to load the values as, where the column gets its own only then. */
  readonly loadAs?: string
  /** Makes of a value what the server takes for it; null where all of them are that already. */
  readonly clean: ((value: string) => string) | null
}

type Kind = 'number' | 'date' | 'timestamp' | 'iso' | 'boolean'

const maxInteger = 2147483647n
const maxBigint = 9223372036854775807n

/** Begins a column. */
export function dbtColumn(): DbtColumn {
  let open: readonly Kind[] = ['number', 'date', 'timestamp', 'iso', 'boolean']
  const seen = { isBroken: false, largest: 0n, isUnclean: false, isZoned: false }
  const noteNumber = (value: string): void => {
    const number = dbtNumber(value)!
    if (number !== value) seen.isUnclean = true
    const [whole, fraction = ''] = number.split('.')
    if (/[1-9]/.test(fraction)) seen.isBroken = true
    // A whole number with zeros behind the point is no text of an integer.
    if (fraction !== '') seen.isUnclean = true
    const size = /^-?\d+$/.test(whole!) ? BigInt(whole!.replace('-', '')) : 0n
    if (size > seen.largest) seen.largest = size
    if (!/^-?\d/.test(whole!)) seen.isBroken = true
  }
  return {
    note(value) {
      open = open.filter((kind) => fits[kind](value))
      if (open[0] === 'number') noteNumber(value)
      if (open[0] === 'iso' && /(?:Z|[+-]\d{2}:?\d{0,2})$/.test(value.slice(value.indexOf('T'))))
        seen.isZoned = true
    },
    result() {
      switch (open[0]) {
        case 'number':
          return { type: numberType(seen), clean: seen.isUnclean ? cleanNumber(seen.isBroken) : null }
        case 'iso':
          // The time at the place of the server, as when dbt inserts such a value.
          return { type: 'timestamp', ...(seen.isZoned && { loadAs: 'timestamptz' }), clean: null }
        case undefined:
          return { type: 'text', clean: null }
        default:
          return { type: open[0], clean: null }
      }
    },
  }
}

function numberType({ isBroken, largest }: { readonly isBroken: boolean; readonly largest: bigint }): string {
  if (isBroken) return 'float8'
  // dbt says integer to all of them, and the server refuses those that are too large.
  if (largest <= maxInteger) return 'integer'
  return largest <= maxBigint ? 'bigint' : 'numeric'
}

function cleanNumber(isBroken: boolean): (value: string) => string {
  return (value) => {
    const number = dbtNumber(value.trim()) ?? value
    return isBroken ? number : number.replace(/\..*$/, '')
  }
}

const fits: Readonly<Record<Kind, (value: string) => boolean>> = {
  number: (value) => dbtNumber(value) !== null,
  date: (value) => isDate(/^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(value)),
  timestamp: (value) => {
    const match = /^(\d{4})-(\d{1,2})-(\d{1,2})\s+(\d{1,2}):(\d{1,2}):(\d{1,2})$/.exec(value)
    return isDate(match) && isTime(match![4]!, match![5]!, match![6]!)
  },
  iso: (value) => {
    const match =
      /^(\d{4})-(\d{2})-(\d{2})T(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(
        value,
      ) ??
      /^(\d{4})(\d{2})(\d{2})T(\d{2})(?:(\d{2})(?:(\d{2})(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/.exec(
        value,
      )
    return isDate(match) && isTime(match![4]!, match![5] ?? '0', match![6] ?? '0')
  },
  boolean: (value) => /^(?:true|false)$/i.test(value),
}

function isDate(match: RegExpExecArray | null): boolean {
  if (!match) return false
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number]
  const date = new Date(Date.UTC(year, month - 1, day))
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function isTime(hour: string, minute: string, second: string): boolean {
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
}

const currencies = '؋$ƒ៛¥₡₱£€¢﷼₪₩₭₮₦฿₤₫'
const around = new RegExp(`^[${currencies}]+|[${currencies}]+$`, 'g')

/** The number that a text is for dbt, as the server writes numbers; null for any other text. */
export function dbtNumber(value: string): string | null {
  let text = value.replace(/^%+|%+$/g, '')
  const isNegative = text.startsWith('-')
  if (isNegative) text = text.slice(1)
  text = text.replace(around, '').replaceAll(',', '').trim()
  const match = /^([+-]?)(?:(\d[\d_]*)?(?:\.([\d_]*))?(?:e([+-]?\d+))?|(inf(?:inity)?|nan))$/i.exec(text)
  if (!match) return null
  const [, sign, whole = '', fraction = '', exponent, word] = match
  const minus = isNegative !== (sign === '-') ? '-' : ''
  if (word) return minus + (/^n/i.test(word) ? 'NaN' : 'Infinity')
  if (!/\d/.test(whole + fraction)) return null
  return minus + plain(whole.replaceAll('_', ''), fraction.replaceAll('_', ''), Number(exponent ?? 0))
}

/** Digits with their point moved, without zeros in front. */
function plain(whole: string, fraction: string, exponent: number): string {
  const digits = whole + fraction
  const point = whole.length + exponent
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 0)
  const head = padded.slice(0, at).replace(/^0+(?=\d)/, '') || '0'
  const tail = padded.slice(at)
  return tail === '' ? head : `${head}.${tail}`
}

/** Names of columns as dbt makes them: a letter for one without, and numbers for those that are there already. */
export function dbtColumnNames(header: readonly string[]): string[] {
  const names: string[] = []
  header.forEach((written, index) => {
    const wanted = written || String.fromCharCode(97 + (index % 26)).repeat(Math.floor(index / 26) + 1)
    let name = wanted
    for (let count = 2; names.includes(name); count += 1) name = `${wanted}_${count}`
    names.push(name)
  })
  return names
}
