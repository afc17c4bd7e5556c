import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { watchForCancel } from '../../src/cli/cancellation.ts'

function watch() {
  const source = new EventEmitter()
  const said: string[] = []
  const exits: number[] = []
  const cancellation = watchForCancel(source, {
    say: (message) => said.push(message),
    exit: (code) => exits.push(code),
  })
  return { source, said, exits, ...cancellation }
}

describe('Ctrl-C', () => {
  it('asks the first time and insists the second', () => {
    const { source, said, exits, signal } = watch()
    source.emit('SIGINT')
    expect(signal.aborted).toBe(true)
    expect(said).toEqual(['cancelling; press again to leave at once'])
    expect(exits).toEqual([])
    source.emit('SIGINT')
    expect(exits).toEqual([130])
  })

  it('says what it begins, where that is not to cancel', () => {
    const source = new EventEmitter()
    const said: string[] = []
    watchForCancel(source, { say: (message) => said.push(message), exit: () => {}, begins: 'ending' })
    source.emit('SIGTERM')
    expect(said).toEqual(['ending; press again to leave at once'])
  })

  it('is the same as SIGTERM', () => {
    const { source, exits, signal } = watch()
    source.emit('SIGTERM')
    expect(signal.aborted).toBe(true)
    source.emit('SIGTERM')
    expect(exits).toEqual([130])
  })

  it('is left to others after the command', () => {
    const { source, release } = watch()
    release()
    expect(source.listenerCount('SIGINT')).toBe(0)
    expect(source.listenerCount('SIGTERM')).toBe(0)
  })
})
