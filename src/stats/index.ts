export * from './distributions/index.ts'
export * from './experiment/index.ts'
export { hashKey, hashUnit } from './random/hash-unit.ts'
export { type AliasTable, makeAliasTable, makeRandom, type Random } from './random/philox.ts'
