import { workerData } from 'node:worker_threads'
import { sumChunk } from '../../stats/resampling/poisson-bootstrap.ts'
import type { ResamplingShare } from './resample-means.ts'

/* A thread that takes chunks of units until none is left. */

const { prepared, plan, next, sums } = workerData as ResamplingShare
const size = plan.replicates * prepared.width
for (let index = Atomics.add(next, 0, 1); index < prepared.chunks.length; index = Atomics.add(next, 0, 1))
  sums.set(sumChunk(prepared, prepared.chunks[index]!, plan), index * size)
