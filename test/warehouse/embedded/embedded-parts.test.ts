import { describe, expect, test } from 'vitest'
import { parsePostmasterPid } from '../../../src/warehouse/embedded/postmaster.ts'
import { chooseRunUser, parsePasswd } from '../../../src/warehouse/embedded/run-user.ts'
import { serverSettings, settingsFile } from '../../../src/warehouse/embedded/settings.ts'
import { idleMinutes } from '../../../src/warehouse/embedded/start-watcher.ts'

describe('the user to run as', () => {
  const debian =
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\npostgres:x:101:104::/:/bin/sh\n'
  const choose = (text: string, owner = 0) => chooseRunUser(parsePasswd(text), owner)

  test('is the owner of the project, else postgres, nobody, anybody but root', () => {
    expect(choose(debian, 1)).toEqual({ name: 'daemon', uid: 1, gid: 1 })
    expect(choose(debian)).toEqual({ name: 'postgres', uid: 101, gid: 104 })
    expect(choose(debian, 4711)?.name).toBe('postgres')
    expect(choose(debian.replace(/postgres.*\n/, ''))?.name).toBe('nobody')
    expect(choose(debian.replace(/(postgres|nobody).*\n/g, ''))?.name).toBe('daemon')
    expect(choose('root:x:0:0::/:\n')).toBeUndefined()
  })

  test('of macOS has comments and negative ids', () => {
    const mac = '# comment\nnobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\nroot:*:0:0::/:\n'
    expect(choose(mac)).toEqual({ name: 'nobody', uid: 4294967294, gid: 4294967294 })
  })
})

describe('settings', () => {
  const gibibyte = 1024 ** 3
  const machine = { memoryBytes: 16 * gibibyte, cores: 8, sharedMemoryBytes: 8 * gibibyte }

  test('share the memory out and keep to sensible bounds', () => {
    expect(serverSettings(machine)).toMatchObject({
      shared_buffers: '2048MB',
      work_mem: '32MB',
      effective_cache_size: '8192MB',
      max_parallel_workers_per_gather: '4',
    })
    expect(serverSettings({ ...machine, memoryBytes: gibibyte / 4, cores: 1 })).toMatchObject({
      shared_buffers: '64MB',
      work_mem: '8MB',
      max_parallel_workers_per_gather: '1',
    })
    for (const settings of [serverSettings(machine)]) expect(settings).not.toHaveProperty('fsync')
  })

  test('avoid a small /dev/shm', () => {
    expect(serverSettings(machine)).not.toHaveProperty('dynamic_shared_memory_type')
    expect(serverSettings({ ...machine, sharedMemoryBytes: 64 * 1024 ** 2 })).toMatchObject({
      dynamic_shared_memory_type: 'mmap',
    })
    expect(serverSettings({ ...machine, sharedMemoryBytes: undefined })).not.toHaveProperty(
      'dynamic_shared_memory_type',
    )
  })

  test('are written as a file with quotes', () => {
    expect(settingsFile({ a: `it's`, b: '1' }).split('\n').slice(1)).toEqual([`a = 'it''s'`, `b = '1'`, ''])
  })
})

test('postmaster.pid is read line by line, and while it is written', () => {
  const whole = '4711\n/data\n1700000000\n5433\n/tmp\n127.0.0.1\n 123 4\nready   \n'
  expect(parsePostmasterPid(whole)).toEqual({ pid: 4711, startedAt: 1700000000, port: 5433, status: 'ready' })
  expect(parsePostmasterPid('4711\n/data\n')).toMatchObject({ pid: 4711, status: '' })
  expect(parsePostmasterPid('')).toBeUndefined()
  expect(parsePostmasterPid('-12\n/data\n')).toBeUndefined()
})

test('ESTIMAND_DB_IDLE_MINUTES is a number of minutes', () => {
  expect(idleMinutes({})).toBe(30)
  expect(idleMinutes({ ESTIMAND_DB_IDLE_MINUTES: '0' })).toBe(0)
  expect(idleMinutes({ ESTIMAND_DB_IDLE_MINUTES: '0.5' })).toBe(0.5)
  for (const text of ['soon', '-1'])
    expect(() => idleMinutes({ ESTIMAND_DB_IDLE_MINUTES: text })).toThrow(text)
})
