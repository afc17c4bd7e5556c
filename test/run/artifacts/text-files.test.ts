import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeShare } from '../../../src/run/artifacts/text-file-share.ts'
import { beginTextFiles } from '../../../src/run/artifacts/text-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'estimand-texts-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const count = 450
const filesIn = (name: string) => {
  mkdirSync(join(folder, name))
  return Array.from({ length: count }, (_, index) => ({
    path: join(folder, name, `file_${index}.sql`),
    text: `select ${index} as "größe"\n`.repeat(index % 7),
  }))
}
const contentOf = (name: string) =>
  readdirSync(join(folder, name))
    .sort()
    .map((file): [string, string] => [file, readFileSync(join(folder, name, file), 'utf8')])

describe('beginTextFiles', () => {
  it('writes the same files on one thread and on two', async () => {
    await beginTextFiles(filesIn('one'), 1)()
    await beginTextFiles(filesIn('two'), 2)()
    expect(contentOf('two')).toEqual(contentOf('one'))
    expect(contentOf('two')).toHaveLength(count)
  })

  it('writes on another thread while this one does something else', async () => {
    const end = beginTextFiles(filesIn('beside'), 2)
    const isDone = () => readdirSync(join(folder, 'beside')).length === count
    for (let turn = 0; turn < 1_000 && !isDone(); turn++) await new Promise((next) => setTimeout(next, 10))
    expect(isDone()).toBe(true)
    await end()
  })

  it('leaves files to the other thread', async () => {
    const files = filesIn('shared')
    const taken = new SharedArrayBuffer(4)
    const workerData = { files, taken }
    const worker = new Worker(new URL('../../../dist/run/artifacts/text-files-worker.js', import.meta.url), {
      workerData,
    })
    expect(await once(worker, 'message')).toEqual([null])
    expect(writeShare(workerData)).toBeNull()
    expect(readdirSync(join(folder, 'shared'))).toHaveLength(count)
  })

  it('throws on two threads what it throws on one, of several the first', async () => {
    const files = filesIn('broken')
    for (const index of [40, 45, 440]) mkdirSync(files[index]!.path)
    const errorOf = async (threads: number) => {
      try {
        await beginTextFiles(files, threads)()
        return null
      } catch (error) {
        const { message, code, path, syscall } = error as NodeJS.ErrnoException
        return { message, code, path, syscall }
      }
    }
    const alone = await errorOf(1)
    expect(alone).toMatchObject({ code: 'EISDIR', path: files[40]!.path })
    for (let turn = 0; turn < 5; turn++) expect(await errorOf(2)).toEqual(alone)
  })
})

describe('writeShare', () => {
  it('writes what nobody has taken', () => {
    const files = filesIn('rest')
    const taken = new SharedArrayBuffer(4)
    new Int32Array(taken)[0] = 440
    expect(writeShare({ files, taken })).toBeNull()
    expect(readdirSync(join(folder, 'rest'))).toHaveLength(10)
  })

  it('lets the other threads stop when a file cannot be written', () => {
    const files = filesIn('stopped')
    mkdirSync(files[3]!.path)
    const taken = new SharedArrayBuffer(4)
    expect(writeShare({ files, taken })).toMatchObject({ index: 3, details: { code: 'EISDIR' } })
    expect(writeShare({ files, taken })).toBeNull()
    expect(readdirSync(join(folder, 'stopped'))).toHaveLength(4)
  })
})
