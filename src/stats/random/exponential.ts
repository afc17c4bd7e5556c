import { drawUniform, refill, type WordStream } from './word-stream.ts'
import { makeZigguratLayers } from './ziggurat.ts'

const tailEdge = 7.69711747013105
const layerArea = 3.949659822581557e-3
const { core, scale, density } = makeZigguratLayers(
  (x) => Math.exp(-x),
  (y) => -Math.log(y),
  tailEdge,
  layerArea,
)

/** An exponential draw with mean 1, by the ziggurat. */
export function drawExponential(source: WordStream): number {
  // The tail of an exponential is the exponential again: what was skipped is added up.
  let skipped = 0
  for (;;) {
    if (source.position === 8) refill(source)
    const at = source.position
    source.position = at + 2
    const word = source.words[at]!
    const layer = word & 255
    const position = (word >>> 12) * 4294967296 + (source.words[at + 1]! >>> 0)
    const x = position * scale[layer]!
    if (position < core[layer]!) return skipped + x
    if (layer === 0) skipped += tailEdge
    else if (density[layer]! + drawUniform(source) * (density[layer - 1]! - density[layer]!) < Math.exp(-x))
      return skipped + x
  }
}
