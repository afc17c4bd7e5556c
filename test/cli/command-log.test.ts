import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeCommandLog } from '../../src/cli/command-log.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'estimand-log-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('the log of a command', () => {
  it('is JSON lines without the passwords of URLs', async () => {
    const log = makeCommandLog('build', new Date('2026-01-01T00:00:00Z'), 7)
    await log.open(root)
    log.write('info', 'using postgres://me:secret@db/shop', { url: 'postgresql://you:hidden@db/shop' })
    const [line] = readFileSync(log.path()!, 'utf8').trim().split('\n')
    expect(JSON.parse(line!)).toMatchObject({
      command: 'build',
      pid: 7,
      msg: 'using postgres://me:***@db/shop',
      url: 'postgresql://you:***@db/shop',
    })
  })

  it('has a file for each command, and the oldest make room', async () => {
    for (let minute = 0; minute < 40; minute++) {
      const startedAt = new Date(Date.UTC(2026, 0, 1, 0, minute))
      await makeCommandLog('run', startedAt, minute).open(root)
    }
    const files = readdirSync(join(root, '.estimand', 'logs')).sort()
    expect(files).toHaveLength(30)
    expect(files.at(-1)).toBe('2026-01-01T00-39-00-000Z-run-39.log')
  })

  it('is done without where it cannot be written', async () => {
    writeFileSync(join(root, '.estimand'), 'a file in the way')
    const log = makeCommandLog('run', new Date(0), 1)
    await log.open(root)
    log.write('error', 'nobody reads this')
    expect(log.path()).toBeNull()
  })
})
