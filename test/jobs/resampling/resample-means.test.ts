import { expect, test } from 'vitest'
import { resampleMeans } from '../../../src/jobs/resampling/resample-means.ts'
import { bootstrapMeans, makeRandom, prepareBootstrap } from '../../../src/stats/index.ts'

const random = makeRandom(3)
const n = 40_000
const prepared = prepareBootstrap({
  keys: Array.from({ length: n }, (_, unit) => `unit ${unit}`),
  arm: Array.from({ length: n }, () => random.int(2)),
  arms: 2,
  columns: [Float64Array.from({ length: n }, () => 1e6 + random.normal())],
})
const plan = { replicates: 1008, seed: -5 }

test('one thread, two and none give the same to the last digit', async () => {
  expect(prepared.chunks.length).toBe(2)
  const here = bootstrapMeans(prepared, plan)
  for (const threads of [1, 2]) {
    const means = await resampleMeans(prepared, plan, { threads })
    expect(means).toEqual(here)
  }
})

test('a signal ends it', async () => {
  const stopped = AbortSignal.abort(new Error('enough'))
  await expect(resampleMeans(prepared, plan, { threads: 2, signal: stopped })).rejects.toThrow('enough')
  const stop = new AbortController()
  const running = resampleMeans(
    prepared,
    { replicates: 100_000, seed: 1 },
    { threads: 2, signal: stop.signal },
  )
  setTimeout(() => stop.abort(new Error('later')), 200)
  await expect(running).rejects.toThrow('later')
})
