/*
 * The package's front: what a project's own TypeScript may import.
 */

export { type EncodedTexts, encodeTexts } from './core/encoded-texts.ts'
export type { Estimate } from './core/estimate.ts'
export {
  defineGenerator,
  type GeneratorContext,
  type GeneratorDefinition,
  type GeneratorPartition,
  type RowWriter,
} from './core/generator.ts'
export { hashKey, hashUnit } from './stats/random/hash-unit.ts'
export { type AliasTable, makeAliasTable, makeRandom, type Random } from './stats/random/philox.ts'
