import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'estimand-dist-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('what is cleared from the built folder', () => {
  it('is what no source stands behind', async () => {
    files('src', 'index.ts', 'store/runs.ts', 'store/migrations/0007_events.sql', 'plain.js')
    files('dist', 'index.js', 'index.js.map', 'index.d.ts', 'plain.js', 'store/runs.js')
    files('dist', 'store/migrations/0006_events.sql', 'store/migrations/0007_events.sql')
    files('dist', 'store/old.js', 'store/old.js.map', 'store/old.d.ts', 'gone/deep/a.js', '.tsbuildinfo')
    files('dist', 'bundle/main.js', 'bundle/part-1.js')

    await clear()

    expect(built()).toEqual([
      ...['.tsbuildinfo', 'bundle', 'bundle/main.js', 'bundle/part-1.js'],
      ...['index.d.ts', 'index.js', 'index.js.map', 'plain.js'],
      ...['store', 'store/migrations', 'store/migrations/0007_events.sql', 'store/runs.js'],
    ])
  })

  it('is nothing before the first build', async () => {
    files('src', 'index.ts')
    await expect(clear()).resolves.toBeUndefined()
  })
})

function files(root: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, root, path)), { recursive: true })
    writeFileSync(join(folder, root, path), '')
  }
}

async function clear(): Promise<void> {
  const script = pathToFileURL(join(import.meta.dirname, '..', '..', 'scripts', 'clear-removed.mjs')).href
  const { clearRemoved } = await import(script)
  clearRemoved(join(folder, 'src'), join(folder, 'dist'))
}

function built(): string[] {
  return readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
}
