import { createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PassThrough, type Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { makeFolder } from '../make-folder.ts'

/*
 * A file that is being written. It has another name until everything is written, so that nobody reads half of it.
 */

export interface ExportFile {
  /** Takes whole records; resolves when more may come. */
  readonly write: (records: Buffer) => Promise<void>
  /** Ends the file; it is whole then, and still without its name. */
  readonly finish: () => Promise<void>
  /** Gives it its name, in the place of an older one; returns its size. */
  readonly publish: () => Promise<number>
  /** Takes it away, unless it has its name. */
  readonly discard: () => Promise<void>
}

/** Begins a file of text. */
export async function openTextFile(
  path: string,
  { head, isCompressed, commandId }: { head: string; isCompressed: boolean; commandId: string },
): Promise<ExportFile> {
  const unfinished = await unfinishedPath(path, commandId)
  const input = new PassThrough()
  const stages = [
    input,
    ...(isCompressed ? [createGzip()] : []),
    createWriteStream(unfinished, { flags: 'wx' }),
  ]
  const written = pipeline(stages as [PassThrough, Writable])
  // Whoever writes next or finishes hears of it.
  written.catch(() => {})
  if (head !== '') input.write(head)
  return {
    async write(records) {
      if (input.destroyed) await written
      if (input.write(records)) return
      await Promise.race([new Promise<void>((resolve) => input.once('drain', resolve)), written])
    },
    async finish() {
      input.end()
      await written
      await syncFile(unfinished)
    },
    async publish() {
      await rename(unfinished, path)
      return (await stat(path)).size
    },
    async discard() {
      input.destroy()
      await finished(input).catch(() => {})
      await written.catch(() => {})
      await rm(unfinished, { force: true })
    },
  }
}

/** What a file is called until it is whole; its folder is there then. */
export async function unfinishedPath(path: string, commandId: string): Promise<string> {
  makeFolder(dirname(path))
  return join(dirname(path), `.${basename(path)}.${commandId}`)
}

/** A name is not to outlive the content in a crash of the machine. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
