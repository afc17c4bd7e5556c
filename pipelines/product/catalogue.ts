import { makeRandom } from 'estimand'

/*
 * What there is to look at: titles to play and products to buy. A few are popular, most are not.
 */

export const productCategories = [
  'apparel',
  'audio',
  'books',
  'collectibles',
  'home',
  'instruments',
  'stationery',
  'tickets',
] as const
export const titleCategories = [
  'comedy',
  'documentary',
  'music',
  'news',
  'podcast',
  'series',
  'sport',
  'tutorial',
] as const

const productCount = 1200
const titleCount = 3000
/** Popularity of the item of rank r is r to this power (Zipf). */
const popularityExponent = -0.9
const priceLogMean = Math.log(2400)
const priceLogSd = 0.55

export interface Catalogue {
  /** Item ids run from 1: products first, then titles. */
  readonly productCount: number
  readonly itemCount: number
  /** Price in cents of products by item id; 0 for titles. */
  readonly priceCents: Int32Array
  /** Index into the categories of the item's kind, by item id. */
  readonly category: Uint8Array
  /** Weights by popularity, for products and for titles. */
  readonly productWeights: readonly number[]
  readonly titleWeights: readonly number[]
}

/** The catalogue of a world: stream 0 of its seed, which no user has. */
export function makeCatalogue(seed: number): Catalogue {
  const random = makeRandom(seed, 0)
  const itemCount = productCount + titleCount
  const priceCents = new Int32Array(itemCount + 1)
  const category = new Uint8Array(itemCount + 1)
  for (let item = 1; item <= itemCount; item++) {
    const isProduct = item <= productCount
    category[item] = random.int(isProduct ? productCategories.length : titleCategories.length)
    // Prices end in 9, as prices do.
    if (isProduct)
      priceCents[item] = Math.max(99, 10 * Math.round(random.lognormal(priceLogMean, priceLogSd) / 10) - 1)
  }
  return {
    productCount,
    itemCount,
    priceCents,
    category,
    productWeights: zipf(productCount),
    titleWeights: zipf(titleCount),
  }
}

function zipf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index + 1) ** popularityExponent)
}
