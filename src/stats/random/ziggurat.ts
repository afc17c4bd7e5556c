/**
 * The ziggurat: a decreasing density covered by 256 layers of equal area. Nineteen draws in twenty or more
 * fall inside a layer's core and cost one table look-up and one multiplication.
 *
 * Source: Marsaglia and Tsang (2000), "The ziggurat method for generating random variables", J. Stat. Softw.
 * 5(8). Unlike theirs, the layer and the position come from separate bits of a 64-bit draw: with 32 bits the
 * two are correlated (Doornik 2005, "An improved ziggurat method to generate normal random samples").
 */
export interface ZigguratLayers {
  /** A position below this, of 2⁵², is inside the layer's core. */
  readonly core: Float64Array
  /** The layer's width / 2⁵². */
  readonly scale: Float64Array
  /** The density at the layer's outer edge. */
  readonly density: Float64Array
}

/** Number of layers. */
export const layerCount = 256
const twoTo52 = 0x10_0000_0000_0000

/**
 * Tables for a density with density(0) = 1.
 *
 * `edge` is where the tail begins and `area` the area of each layer, the tail being part of the lowest.
 */
export function makeZigguratLayers(
  density: (x: number) => number,
  inverseDensity: (y: number) => number,
  edge: number,
  area: number,
): ZigguratLayers {
  const core = new Float64Array(layerCount)
  const scale = new Float64Array(layerCount)
  const height = new Float64Array(layerCount)
  // Layer 0 holds the tail: its rectangle is widened so that tail and rectangle together have the common
  // area.
  const baseWidth = area / density(edge)
  core[0] = (edge / baseWidth) * twoTo52
  scale[0] = baseWidth / twoTo52
  height[0] = 1
  let outer = edge
  height[layerCount - 1] = density(edge)
  scale[layerCount - 1] = edge / twoTo52
  for (let layer = layerCount - 2; layer >= 1; layer--) {
    const inner = inverseDensity(area / outer + density(outer))
    core[layer + 1] = (inner / outer) * twoTo52
    scale[layer] = inner / twoTo52
    height[layer] = density(inner)
    outer = inner
  }
  core[1] = 0
  return { core, scale, density: height }
}
