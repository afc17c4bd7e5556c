import { philoxBlockPair } from './philox-block.ts'

/**
 * One stream of random 32-bit words: the key is the seed, the upper half of the counter is the stream's
 * number, the lower half counts blocks. The samplers in this folder read from it.
 */
export interface WordStream {
  /** Two Philox blocks, waiting to be read. */
  readonly words: Int32Array
  /** The next word to read; 8 when the buffer is empty. Always even, so that a 64-bit draw is never split. */
  position: number
  /** k0, k1 (the seed), c0, c1 (the next block), s0, s1 (the stream). */
  readonly state: Int32Array
}

const bufferWords = 8
const twoTo32 = 0x1_0000_0000

/** The upper and lower 32 bits of an integer of at most 53 bits go to `into[at + 1]` and `into[at]`. */
function writeInteger(into: Int32Array, at: number, value: number, name: string): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} must be a safe integer, not ${value}`)
  into[at] = (value % twoTo32) | 0
  into[at + 1] = Math.floor(value / twoTo32)
}

/** Opens stream number `stream` of the generator with this seed; both are safe integers. */
export function makeWordStream(seed: number, stream: number): WordStream {
  const source = { words: new Int32Array(bufferWords), position: bufferWords, state: new Int32Array(6) }
  writeInteger(source.state, 0, seed, 'seed')
  enterStream(source, stream)
  return source
}

/** Moves to the start of another stream of the same seed, without allocating. */
export function enterStream(source: WordStream, stream: number): void {
  writeInteger(source.state, 4, stream, 'stream')
  source.state[2] = 0
  source.state[3] = 0
  source.position = bufferWords
}

/** Moves within the stream, in constant time, to its 64-bit draw number `draw` (a safe integer from 0). */
export function jumpTo(source: WordStream, draw: number): void {
  if (draw < 0) throw new RangeError(`draw must not be negative, and is ${draw}`)
  writeInteger(source.state, 2, Math.floor(draw / 4) * 2, 'draw')
  refill(source)
  source.position = (draw % 4) * 2
}

/** Fills the buffer from the next two blocks. */
export function refill(source: WordStream): void {
  const state = source.state
  const c0 = state[2]!
  philoxBlockPair(source.words, c0, state[3]!, state[4]!, state[5]!, state[0]!, state[1]!)
  const next = (c0 + 2) | 0
  state[2] = next
  if (next >= 0 && next < 2) state[3] = state[3]! + 1
  source.position = 0
}

/**
 * A uniform draw from [0, 1): a multiple of 2⁻⁵³, made of 53 of 64 random bits, so that no tail of a
 * transformed draw is cut short as it would be with 32 bits.
 */
export function drawUniform(source: WordStream): number {
  if (source.position === bufferWords) refill(source)
  const at = source.position
  source.position = at + 2
  return ((source.words[at]! >>> 5) * 67108864 + (source.words[at + 1]! >>> 6)) * 1.1102230246251565e-16
}

/** A uniform draw from (0, 1), for use under a logarithm. */
export function drawOpenUniform(source: WordStream): number {
  const u = drawUniform(source)
  return u === 0 ? 5.551115123125783e-17 : u
}
