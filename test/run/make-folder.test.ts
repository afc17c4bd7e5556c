import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder } from '../../src/run/make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'estimand-folder-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a folder', () => {
  it('is made with those around it, and stays where it is there', () => {
    const path = join(root, 'a', 'b', 'c')
    makeFolder(path)
    makeFolder(path)
    expect(existsSync(path)).toBe(true)
  })

  it('is refused where a file is in the way', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => makeFolder(join(root, 'file'))).toThrow(/EEXIST/)
    expect(() => makeFolder(join(root, 'file', 'a', 'b'))).toThrow(/ENOTDIR/)
  })

  it.runIf(existsSync('/proc/self'))('is refused where the system takes none', () => {
    expect(() => makeFolder('/proc/nope')).toThrow(/ENOENT/)
    expect(() => makeFolder('/proc/nope/deep/er')).toThrow(/ENOENT/)
  })
})
