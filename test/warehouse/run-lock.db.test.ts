import { expect, test } from 'vitest'
import { ProblemError } from '../../src/core/problem.ts'
import { connectWarehouse, sql, type Warehouse, withRunLock } from '../../src/warehouse/index.ts'
import { useTestDatabase } from './test-database.ts'

const database = useTestDatabase()
const request = { project: 'shop', schema: 'analytics' }

async function withTwo(body: (first: Warehouse, second: Warehouse) => Promise<void>): Promise<void> {
  const open = (name: string) => connectWarehouse(database.connection, { threads: 1, applicationName: name })
  const first = await open('first run')
  const second = await open('second run')
  try {
    await body(first, second)
  } finally {
    await first.close()
    await second.close()
  }
}

async function codeOf(action: Promise<unknown>): Promise<string> {
  const error = await action.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ProblemError)
  const [problem] = (error as ProblemError).problems
  return `${problem!.code}: ${problem!.message}`
}

test('a second run waits, says for whom, and goes on when the first is over', async () => {
  await withTwo(async (first, second) => {
    const order: string[] = []
    let release: () => void = () => {}
    const held = withRunLock(first, request, async () => {
      order.push('first')
      await new Promise<void>((resolve) => {
        release = resolve
      })
      order.push('first is over')
    })
    await expect.poll(() => order).toEqual(['first'])
    const waiting = withRunLock(
      second,
      { ...request, onWaiting: (holder) => order.push(holder) },
      async () => {
        order.push('second')
      },
    )
    await expect.poll(() => order.length).toBe(2)
    release()
    await Promise.all([held, waiting])
    expect(order).toEqual([
      'first',
      expect.stringMatching(/^first run, process \d+, since 20/),
      'first is over',
      'second',
    ])
  })
})

test('one that may not wait is told so; another schema or project is free', async () => {
  await withTwo(async (first, second) => {
    await withRunLock(first, request, async () => {
      expect(await codeOf(withRunLock(second, { ...request, waitMs: 0 }, async () => {}))).toMatch(
        /^run-locked: .*"analytics".*first run/,
      )
      expect(await codeOf(withRunLock(second, { ...request, waitMs: 250 }, async () => {}))).toContain(
        'run-locked',
      )
      expect(await withRunLock(second, { ...request, schema: 'other', waitMs: 0 }, async () => 'free')).toBe(
        'free',
      )
      expect(await withRunLock(second, { ...request, project: 'other', waitMs: 0 }, async () => 'free')).toBe(
        'free',
      )
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      const { signal } = controller
      expect(await codeOf(withRunLock(second, { ...request, signal }, async () => {}))).toContain('cancelled')
    })
  })
})

test('a run that dies holds nobody up', async () => {
  await withTwo(async (first, second) => {
    const dying = withRunLock(first, request, async () => {
      await second.control.query(sql`select pg_terminate_backend(${first.control.processId})`)
      expect(await withRunLock(second, { ...request, waitMs: 5000 }, async () => 'taken over')).toBe(
        'taken over',
      )
    })
    await dying
  })
})

test('a body that throws gives the lock back', async () => {
  await withTwo(async (first, second) => {
    await expect(
      withRunLock(first, request, async () => {
        throw new Error('broken')
      }),
    ).rejects.toThrow('broken')
    expect(await withRunLock(second, { ...request, waitMs: 0 }, async () => 'free')).toBe('free')
  })
})
