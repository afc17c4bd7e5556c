import { philoxInteger } from './philox-block.ts'

const twoTo32 = 0x1_0000_0000

/**
 * A 53-bit hash of a unit's key: an integer from 0 to 2⁵³ − 1, the same on every machine and in every run.
 *
 * `salt` (a safe integer) makes independent hashes of the same key: one per experiment, or one per bootstrap
 * replicate. A whole number and its decimal text are the same key (42 and '42'), because a driver may hand
 * over a bigint column either way. Numbers are mixed by one Philox block keyed by the salt; text is first
 * folded to 64 bits by two multiplicative lanes of its own.
 */
export function hashKey(key: number | string, salt: number): number {
  if (!Number.isSafeInteger(salt)) throw new RangeError(`salt must be a safe integer, not ${salt}`)
  const salt0 = (salt % twoTo32) | 0
  const salt1 = Math.floor(salt / twoTo32) | 0
  const number = typeof key === 'number' ? key : wholeNumber(key)
  if (Number.isSafeInteger(number))
    return philoxInteger(number % twoTo32, Math.floor(number / twoTo32), 1, 0, salt0, salt1)
  return hashText(String(key), salt0, salt1)
}

/** The hash of a unit's key as a number in [0, 1): see `hashKey`. */
export function hashUnit(key: number | string, salt: number): number {
  return hashKey(key, salt) * 1.1102230246251565e-16
}

/** The safe integer that this text is the usual decimal form of, or NaN. */
function wholeNumber(text: string): number {
  const first = text.charCodeAt(0)
  const isNumeric = text.length <= 17 && ((first >= 48 && first <= 57) || first === 45)
  if (!isNumeric) return Number.NaN
  const value = Number(text)
  return Number.isSafeInteger(value) && String(value) === text ? value : Number.NaN
}

/**
 * Text to 64 bits: two lanes, each multiplying and rotating with its own odd constants and crossing over at
 * each character, so that a collision needs both.
 */
function hashText(text: string, salt0: number, salt1: number): number {
  let a = 0x2545f491
  let b = 0x7f4a7c15
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x85ebca6b)
    b = Math.imul(b ^ code, 0xc2b2ae35)
    a = ((a << 13) | (a >>> 19)) ^ b
    b = (((b << 17) | (b >>> 15)) + a) | 0
  }
  return philoxInteger(a, b, 2, text.length, salt0, salt1)
}
