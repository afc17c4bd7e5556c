import { parentPort, workerData } from 'node:worker_threads'
import { type TextFileShares, writeShare } from './text-file-share.ts'

/*
 * A worker thread that writes files beside the main thread. It loads nothing else, so that it begins at once.
 */

parentPort!.postMessage(writeShare(workerData as TextFileShares))
