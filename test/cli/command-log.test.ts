import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LogFileOptions, makeCommandLog } from '../../src/cli/command-log.ts'
import { makeScrub } from '../../src/cli/scrub.ts'
import { makeEventStream } from '../../src/core/events/event-stream.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'estimand-log-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function makeLog(options: Partial<LogFileOptions> = {}, environment: Record<string, string> = {}) {
  const stream = makeEventStream({
    invocationId: 'one',
    processId: 7,
    clock: () => new Date('2026-01-01T00:00:00Z'),
    scrub: makeScrub(environment),
  })
  return makeCommandLog(stream, { format: 'text', level: 'debug', maxBytes: 0, ...options })
}
const written = (name = 'estimand.log') => readFileSync(join(root, 'logs', name), 'utf8')

describe('the log of a project', () => {
  it('has a line for each thing told, also for what was told before the project was found', () => {
    const log = makeLog()
    log.write('info', 'before')
    log.open(root)
    log.write('debug', 'after')
    expect(written()).toBe(
      '2026-01-01T00:00:00.000Z [info ] [MainThread] before\n2026-01-01T00:00:00.000Z [debug] [MainThread] after\n',
    )
    expect(log.path()).toBe(join(root, 'logs', 'estimand.log'))
  })

  it('is JSON lines for those who ask, and is added to by every command', () => {
    for (const message of ['first', 'second']) {
      const log = makeLog({ format: 'json' })
      log.open(root)
      log.write('warn', message, { table: 't' })
    }
    const lines = written().trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).info.msg)).toEqual(['first', 'second'])
    expect(JSON.parse(lines[0]!)).toMatchObject({
      version: 1,
      info: { name: 'Note', level: 'warn', invocation_id: 'one', pid: 7 },
      data: { msg: 'first', table: 't' },
    })
  })

  it('holds neither passwords of URLs nor what the environment calls secret, wherever they stand', () => {
    const log = makeLog({ format: 'json' }, { DBT_ENV_SECRET_KEY: 'hush "7"', DBT_ENV_SECRET_EMPTY: '' })
    log.open(root)
    log.write('info', 'using postgres://me:secret@db/shop', {
      deep: [{ url: 'postgresql://you:hidden@db/shop', said: 'it is hush "7"!', n: 7 }],
    })
    expect(written()).not.toMatch(/secret@|hidden|hush/)
    expect(JSON.parse(written())).toMatchObject({
      info: { msg: 'using postgres://me:***@db/shop' },
      data: { deep: [{ url: 'postgresql://you:***@db/shop', said: 'it is *****!', n: 7 }] },
    })
  })

  it('holds what matters enough only', () => {
    const log = makeLog({ level: 'warn' })
    log.open(root)
    log.write('info', 'little')
    log.write('error', 'much')
    expect(written()).toMatch(/^\S+ \[error\] \[MainThread\] much\n$/)
    makeLog({ level: 'none' }).open(join(root, 'other'))
    expect(existsSync(join(root, 'other'))).toBe(false)
  })

  it('makes room when it is long, and keeps five of the old', () => {
    for (let command = 1; command <= 8; command++) {
      const log = makeLog({ maxBytes: 10 })
      log.open(root)
      log.write('info', `command ${command}`)
    }
    expect(readdirSync(join(root, 'logs')).sort()).toEqual(
      ['', '.1', '.2', '.3', '.4', '.5'].map((end) => `estimand.log${end}`),
    )
    expect(written()).toContain('command 8')
    expect(written('estimand.log.5')).toContain('command 3')
  })

  it('is done without where it cannot be written', () => {
    writeFileSync(join(root, 'logs'), 'a file in the way')
    const log = makeLog()
    log.open(root)
    log.write('error', 'nobody reads this')
    expect(log.path()).toBeNull()
  })
})
