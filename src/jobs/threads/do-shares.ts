import { parentPort, workerData } from 'node:worker_threads'
import type { DoneShare, SharedWork } from './share-work.ts'

/** What a thread of `shareWork` does: it takes shares until none is left. */
export async function doShares<Input, Done>(
  prepare: (input: Input) => (index: number) => Done | Promise<Done>,
): Promise<void> {
  const { input, shares, next } = workerData as SharedWork<Input>
  const perform = prepare(input)
  for (let index = Atomics.add(next, 0, 1); index < shares; index = Atomics.add(next, 0, 1))
    parentPort!.postMessage({ index, done: await perform(index) } satisfies DoneShare<Done>)
}
