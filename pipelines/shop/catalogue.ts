import { makeRandom } from 'estimand'

/** What the shop sells: the same for a seed, however many customers there are. */
export interface Product {
  readonly id: number
  readonly name: string
  readonly category: number
  readonly priceCents: number
}

/** Categories with the median of their prices in cents; `words` make the names of products. */
export const categories = [
  { name: 'Books & Media', medianCents: 2200, words: ['Novel', 'Atlas', 'Record', 'Almanac'] },
  { name: 'Garden', medianCents: 5400, words: ['Shears', 'Planter', 'Hose', 'Lantern'] },
  { name: 'Kitchen', medianCents: 7900, words: ['Kettle', 'Skillet', 'Grinder', 'Scale'] },
  { name: 'Toys & Games', medianCents: 3300, words: ['Puzzle', 'Kite', 'Robot', 'Marbles'] },
  { name: 'Sports', medianCents: 9800, words: ['Racket', 'Tent', 'Backpack', 'Helmet'] },
  { name: 'Electronics', medianCents: 18500, words: ['Speaker', 'Monitor', 'Camera', 'Router'] },
  { name: 'Furniture', medianCents: 21500, words: ['Stool', 'Shelf', 'Desk', 'Armchair'] },
  { name: 'Clothing', medianCents: 6100, words: ['Jacket', 'Scarf', 'Boots', 'Shirt'] },
] as const

const makes = ['Aster', 'Birch', 'Cedar', 'Dahlia', 'Elm', 'Fern', 'Ginkgo', 'Hazel', 'Iris', 'Juniper']
const productsPerCategory = 50

/** The products, category by category, numbered from 1. */
export function makeCatalogue(seed: number): readonly Product[] {
  const random = makeRandom(seed)
  // No customer has the number 0.
  random.reseed(0)
  return categories.flatMap(({ medianCents, words }, category) =>
    Array.from({ length: productsPerCategory }, (_, index) => ({
      id: category * productsPerCategory + index + 1,
      name: `${makes[index % makes.length]!} ${words[Math.floor(index / makes.length) % words.length]!} ${index + 1}`,
      category,
      priceCents: Math.round((medianCents * random.lognormal(0, 0.45)) / 5) * 5,
    })),
  )
}

/** A product of a category, by a uniform draw. */
export function productOf(catalogue: readonly Product[], category: number, uniform: number): Product {
  return catalogue[category * productsPerCategory + Math.floor(uniform * productsPerCategory)]!
}
