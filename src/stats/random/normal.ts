import { drawOpenUniform, drawUniform, refill, type WordStream } from './word-stream.ts'
import { makeZigguratLayers } from './ziggurat.ts'

const tailEdge = 3.6541528853610088
const layerArea = 4.928673233974655e-3
const { core, scale, density } = makeZigguratLayers(
  (x) => Math.exp(-0.5 * x * x),
  (y) => Math.sqrt(-2 * Math.log(y)),
  tailEdge,
  layerArea,
)

/** A standard normal draw, by the ziggurat; exact to the 2⁻⁵² grid, tails unbounded. */
export function drawNormal(source: WordStream): number {
  if (source.position === 8) refill(source)
  const at = source.position
  source.position = at + 2
  const word = source.words[at]!
  const layer = word & 255
  // 20 bits of this word and 32 of the next are the position; bit 8 is the sign.
  const position = (word >>> 12) * 4294967296 + (source.words[at + 1]! >>> 0)
  const x = position * scale[layer]!
  const signed = (word & 256) === 0 ? x : -x
  return position < core[layer]! ? signed : drawOutsideCore(source, layer, signed)
}

function drawOutsideCore(source: WordStream, layer: number, x: number): number {
  if (layer === 0) return x < 0 ? -drawTail(source) : drawTail(source)
  const outer = density[layer]!
  const inner = density[layer - 1]!
  if (outer + drawUniform(source) * (inner - outer) < Math.exp(-0.5 * x * x)) return x
  return drawNormal(source)
}

/**
 * A draw beyond the edge. Source: Marsaglia (1964), "Generating a variable from the tail of the normal
 * distribution".
 */
function drawTail(source: WordStream): number {
  for (;;) {
    const x = -Math.log(drawOpenUniform(source)) / tailEdge
    const y = -Math.log(drawOpenUniform(source))
    if (y + y > x * x) return tailEdge + x
  }
}
