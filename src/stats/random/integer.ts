import { drawUniform, refill, type WordStream } from './word-stream.ts'

const twoTo32 = 0x1_0000_0000
const twoTo53 = 0x20_0000_0000_0000
/** Up to here the product of a 32-bit word and the bound is exact in a double. */
const exactProductBound = 0x20_0000

/**
 * A uniform integer in [0, bound), exactly unbiased.
 *
 * `bound` is an integer from 1 to 2⁵³ − 1. Source: Lemire (2019), "Fast random integer generation in an
 * interval", for bounds to 2²¹; above, rejection of the incomplete last interval of 53 bits.
 */
export function drawInteger(source: WordStream, bound: number): number {
  if (!(bound >= 1 && Number.isSafeInteger(bound)))
    throw new RangeError(`bound must be an integer of at least 1, and is ${bound}`)
  return bound <= exactProductBound ? drawSmall(source, bound) : drawLarge(source, bound)
}

function drawSmall(source: WordStream, bound: number): number {
  for (;;) {
    if (source.position === 8) refill(source)
    const at = source.position
    source.position = at + 2
    const product = (source.words[at]! >>> 0) * bound
    const quotient = Math.floor(product / twoTo32)
    const low = product - quotient * twoTo32
    if (low >= bound || low >= twoTo32 % bound) return quotient
  }
}

function drawLarge(source: WordStream, bound: number): number {
  const width = Math.floor(twoTo53 / bound)
  for (;;) {
    const interval = Math.floor((drawUniform(source) * twoTo53) / width)
    if (interval < bound) return interval
  }
}
