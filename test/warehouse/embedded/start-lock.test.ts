import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withStartLock } from '../../../src/warehouse/embedded/start-lock.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'estimand-lock-'))
})
afterAll(() => rm(folder, { recursive: true }))

const lock = () => join(folder, 'server.lock')
const quiet = { onWait: () => {} }

test('one after the other, each exactly once, and nothing stays', async () => {
  let inside = 0
  let most = 0
  let done = 0
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withStartLock(lock(), quiet, async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setTimeout(resolve, 20))
        inside--
        done++
      }),
    ),
  )
  expect({ most, done }).toEqual({ most: 1, done: 5 })
  expect(await readdir(folder)).toEqual([])
})

test('five find the lock of a dead process and still take turns', async () => {
  await writeFile(lock(), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), token: 'dead' }))
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withStartLock(lock(), quiet, async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setTimeout(resolve, 20))
        inside--
      }),
    ),
  )
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

test('a lock of another machine counts until nobody has touched it for long', async () => {
  await writeFile(lock(), JSON.stringify({ pid: process.pid, host: 'elsewhere', token: 'other' }))
  const waiting: number[] = []
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 300)
  const { signal } = controller
  await expect(
    withStartLock(lock(), { onWait: (pid) => waiting.push(pid), signal }, async () => {}),
  ).rejects.toThrow('cancelled')
  expect(waiting).toEqual([process.pid])
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(lock(), longAgo, longAgo)
  expect(await withStartLock(lock(), quiet, async () => 'taken')).toBe('taken')
})
