import type { GeneratorContext, Random } from 'estimand'

/** Where the rows of a world go that is recorded with mistakes, and what draws them. */
export interface SpoiledPlace<Params> extends GeneratorContext<Params> {
  readonly random: Random
  /** Draws of its own: the world is the same whether its record is spoiled or not. */
  readonly dirt: Random
}
