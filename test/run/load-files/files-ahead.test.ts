import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { SourceFile } from '../../../src/run/load-files/file-source.ts'
import { mostOpenFiles, openAhead } from '../../../src/run/load-files/files-ahead.ts'

const opened: string[] = []

function file(address: string, more: Partial<SourceFile> = {}): SourceFile {
  return {
    ...{ address, version: '1', sizeBytes: 3, isRemote: true },
    open: () => {
      opened.push(address)
      return Readable.from([Buffer.from(address)], { objectMode: false })
    },
    ...more,
  }
}

function begin(files: readonly SourceFile[]) {
  opened.length = 0
  return openAhead(files, new AbortController().signal)
}

const textOf = async (bytes: Readable) => Buffer.concat(await bytes.toArray()).toString()
const names = (count: number) => Array.from({ length: count }, (_, index) => `f${index}`)

describe('opening files ahead', () => {
  it('asks for so many small remote files at once, each of them once', async () => {
    const files = names(20).map((name) => file(name))
    const ahead = begin(files)
    const first = ahead.open(files[0]!)
    expect(opened).toEqual(names(mostOpenFiles))
    expect(await textOf(first)).toBe('f0')
    expect(await textOf(ahead.open(files[1]!))).toBe('f1')
    expect(opened).toEqual(names(mostOpenFiles + 1))
    for (const one of files.slice(2)) expect(await textOf(ahead.open(one))).toBe(one.address)
    expect(opened).toEqual(names(20))
  })

  it('leaves files of this machine, large ones, and those of an unknown size until it is their turn', () => {
    const near: SourceFile = { address: 'near', version: '1', sizeBytes: 3, open: file('near').open }
    const { sizeBytes: _, ...unknown } = file('unknown')
    const files = [file('a'), near, file('large', { sizeBytes: 2 ** 21 }), unknown, file('b')]
    begin(files).open(files[0]!)
    expect(opened).toEqual(['a', 'b'])
  })

  it('tells of a failure when it is the turn of the file', async () => {
    const broken = file('b', {
      open: () =>
        new Readable({
          read() {
            this.destroy(new Error('no answer'))
          },
        }),
    })
    const files = [file('a'), broken]
    const ahead = begin(files)
    expect(await textOf(ahead.open(files[0]!))).toBe('a')
    await expect(textOf(ahead.open(broken))).rejects.toThrow('no answer')
  })

  it('lets go of what nobody asks for', () => {
    const streams: Readable[] = []
    const endless = (address: string) =>
      file(address, {
        open: () => {
          const bytes = new Readable({ read() {} })
          streams.push(bytes)
          return bytes
        },
      })
    const files = ['a', 'b', 'c'].map(endless)
    const ahead = begin(files)
    ahead.open(files[0]!)
    ahead.close()
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([false, true, true])
  })
})
