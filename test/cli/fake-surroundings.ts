import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import type { Surroundings } from '../../src/cli/surroundings.ts'

/** Surroundings of a command line that keep what is written to them. */
export interface FakeSurroundings extends Surroundings {
  readonly written: { out: string; err: string }
  readonly signals: EventEmitter
  readonly exits: number[]
}

/** Makes surroundings with an empty environment and a clock that stands still. */
export function fakeSurroundings(changes: Partial<Surroundings> = {}): FakeSurroundings {
  const written = { out: '', err: '' }
  const exits: number[] = []
  return {
    stdout: stream((text) => {
      written.out += text
    }),
    stderr: stream((text) => {
      written.err += text
    }),
    environment: {},
    workingDirectory: '/nowhere',
    processId: 1,
    clock: () => new Date('2026-01-01T00:00:00Z'),
    newId: () => '00000000-0000-4000-8000-000000000001',
    exit: (code) => exits.push(code),
    ...changes,
    signals: new EventEmitter(),
    written,
    exits,
  }
}

function stream(keep: (text: string) => void): NodeJS.WriteStream {
  const writable = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      keep(String(chunk))
      done()
    },
  })
  return writable as unknown as NodeJS.WriteStream
}
