/*
 * JSON holds numbers of any length, JavaScript's hold 15 to 17 digits: a key of 64 bits would be rounded to its
 * neighbour without a word. Numbers that long are kept as the digits that they came with.
 */

/** A number as it stood in a payload. */
export class LongNumber {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

/** So many digits and points in a row: perhaps a long number, mostly part of a text. */
const suspicious = /\d[\d.]{15,}/
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.]{15,}(?:[eE][+-]?\d+)?/g

/** Parses JSON; long numbers become LongNumber. */
export function parseJson(text: string): unknown {
  if (!suspicious.test(text)) return JSON.parse(text)
  // A text that no payload holds marks what was a number.
  let mark = '\u0000number:'
  while (text.includes(JSON.stringify(mark).slice(1, -1))) mark += ':'
  const quoted = text.replace(tokens, (token) =>
    token.startsWith('"') ? token : JSON.stringify(mark + token),
  )
  JSON.parse(text)
  return JSON.parse(quoted, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? new LongNumber(value.slice(mark.length)) : value,
  )
}

/** A value as JSON, long numbers with all their digits. */
export function jsonText(value: unknown): string {
  if (value instanceof LongNumber) return value.digits
  if (typeof value === 'bigint') return value.toString()
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('base64'))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join(',')}}`
}
