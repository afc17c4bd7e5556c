// Printing doubles with a given number of digits, rounding half to even on the exact binary value.

/** Python's '%.{digits}f' of a finite double. */
export function fixed(value: number, digits: number): string {
  const negative = value < 0 || Object.is(value, -0)
  const size = Math.abs(value)
  const text = size >= 1e21 ? BigInt(size).toString() + fraction(digits) : fixedSmall(size, digits)
  return negative ? `-${text}` : text
}

function fraction(digits: number): string {
  return digits > 0 ? `.${'0'.repeat(digits)}` : ''
}

function fixedSmall(value: number, digits: number): string {
  if (digits > 100) return value.toFixed(100) + '0'.repeat(digits - 100)
  const text = value.toFixed(digits)
  return isTie(value, digits) && isOdd(text) ? stepDown(text) : text
}

/** Whether the exact binary value lies in the middle between two decimals of that many digits. */
function isTie(value: number, digits: number): boolean {
  if (digits >= 60 || !Number.isInteger(value * 2 ** (digits + 1))) return false
  return value.toFixed(digits + 1).endsWith('5')
}

function isOdd(text: string): boolean {
  return '13579'.includes(text.at(-1) ?? '')
}

/** One less in the last digit, which is odd, so that nothing is borrowed. */
function stepDown(text: string): string {
  return text.slice(0, -1) + String(Number(text.at(-1)) - 1)
}

/** Python's '%.{digits}e' of a finite double. */
export function scientific(value: number, digits: number): string {
  const negative = value < 0 || Object.is(value, -0)
  const [mantissa = '', exponent = ''] = Math.abs(value).toExponential(Math.min(digits, 100)).split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  const power = exponent.replace(/^[+-]/, '').padStart(2, '0')
  return `${negative ? '-' : ''}${mantissa}e${sign}${power}`
}

/** Python's '%.{precision}g' of a finite double; `alternate` keeps trailing zeros. */
export function general(value: number, precision: number, alternate = false): string {
  const digits = Math.max(1, precision)
  if (value === 0) return (Object.is(value, -0) ? '-0' : '0') + (alternate ? fraction(digits - 1) : '')
  const power = Number(value.toExponential(Math.min(digits - 1, 100)).split('e')[1])
  if (power < -4 || power >= digits) {
    const [mantissa = '', exponent] = scientific(value, digits - 1).split('e')
    return `${alternate ? mantissa : trimZeros(mantissa)}e${exponent}`
  }
  const text = fixed(value, digits - 1 - power)
  return alternate ? text : trimZeros(text)
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** Python's round(value, digits) of a double. */
export function roundDouble(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value
  if (digits >= 0) return digits > 22 ? value : Number(fixed(value, digits))
  const scale = 10 ** -digits
  return Number(fixed(value / scale, 0)) * scale
}
