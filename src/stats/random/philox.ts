import { drawBinomial, drawNegativeBinomial, drawPoisson } from './counts.ts'
import { drawExponential } from './exponential.ts'
import { drawBeta, drawGamma } from './gamma.ts'
import { drawInteger } from './integer.ts'
import { drawNormal } from './normal.ts'
import type { Random } from './random.ts'
import { drawUniform, enterStream, jumpTo, makeWordStream } from './word-stream.ts'

export { type AliasTable, makeAliasTable } from './alias-table.ts'
export type { Random } from './random.ts'

/**
 * A Philox 4×32-10 generator at the start of stream `stream` (0 if not given) of the seed `seed`; both are
 * safe integers. Two streams never overlap: each has 2⁶⁴ blocks of its own.
 */
export function makeRandom(seed: number, stream = 0): Random {
  const source = makeWordStream(seed, stream)
  return {
    uniform: () => drawUniform(source),
    int: (bound) => drawInteger(source, bound),
    bernoulli: (probability) => drawUniform(source) < probability,
    normal: () => drawNormal(source),
    lognormal: (logMean, logSd) => Math.exp(logMean + logSd * drawNormal(source)),
    exponential: () => drawExponential(source),
    gamma: (shape) => drawGamma(source, shape),
    beta: (a, b) => drawBeta(source, a, b),
    poisson: (mean) => drawPoisson(source, mean),
    binomial: (trials, probability) => drawBinomial(source, trials, probability),
    negativeBinomial: (size, probability) => drawNegativeBinomial(source, size, probability),
    shuffle(items) {
      // Fisher and Yates, in Durstenfeld's form (1964).
      for (let last = items.length - 1; last > 0; last--) {
        const other = drawInteger(source, last + 1)
        const item = items[last]
        items[last] = items[other]
        items[other] = item
      }
    },
    reseed: (next) => enterStream(source, next),
    jump: (draw) => jumpTo(source, draw),
  }
}
