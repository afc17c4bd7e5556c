import { parseArgs } from 'node:util'
import { resampleMeans } from '../src/jobs/resampling/resample-means.ts'
import {
  bootstrapEffect,
  bootstrapOutcomes,
  isRefused,
  makeRandom,
  prepareBootstrap,
} from '../src/stats/index.ts'
import { holdToLimit, printFigure } from './limits.ts'

/*
 * The Poisson bootstrap as an experiment runs it: units with several metrics in two arms, resampled on worker threads,
 * and the intervals of all of them. Seconds count from the columns in memory to the intervals.
 */

/** `--units N` (500,000), `--metrics N` (10), `--replicates N` (2,000), `--threads N` (2). */
export default async function benchmark(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      units: { type: 'string', default: '500000' },
      metrics: { type: 'string', default: '10' },
      replicates: { type: 'string', default: '2000' },
      threads: { type: 'string', default: '2' },
    },
  })
  const [n, metrics, replicates, threads] = [
    values.units,
    values.metrics,
    values.replicates,
    values.threads,
  ].map(Number) as [number, number, number, number]
  const random = makeRandom(1)
  const keys = Float64Array.from({ length: n }, (_, unit) => unit)
  const arm = Uint8Array.from({ length: n }, () => random.int(2))
  const columns = Array.from({ length: metrics }, () =>
    Float64Array.from({ length: n }, () => random.gamma(0.5)),
  )
  const startedAt = performance.now()
  const { units, layouts } = bootstrapOutcomes(
    { keys, arm, arms: 2 },
    columns.map((column) => ({ kind: 'mean', values: column })),
  )
  const prepared = prepareBootstrap(units)
  const preparedAt = performance.now()
  const means = await resampleMeans(prepared, { replicates, seed: 1 }, { threads })
  const effects = layouts.map((layout) => bootstrapEffect(means, layout, { treatment: 1, control: 0 }))
  const seconds = (performance.now() - startedAt) / 1000
  printFigure('units, metrics, replicates, threads', `${n}, ${metrics}, ${replicates}, ${threads}`)
  printFigure('of which preparing', `${((preparedAt - startedAt) / 1000).toFixed(2)} s`)
  printFigure('effects refused', String(effects.filter(isRefused).length))
  const weights = (n * replicates) / seconds / 1e6
  printFigure('weights', `${weights.toFixed(0)} M/s, each for ${metrics} metrics`)
  holdToLimit({
    label: 'Poisson bootstrap, seconds',
    value: seconds,
    limit: (20 * n * replicates * (metrics + 1)) / (500_000 * 2000 * 11),
    shown: `${seconds.toFixed(2)} s`,
  })
}
