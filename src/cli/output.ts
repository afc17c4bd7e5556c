import picocolors from 'picocolors'

/*
 * Where a command writes: the product that was asked for goes to stdout, what is told beside it to stderr.
 * A command never touches process.stdout itself, so that a test can read what it would have written.
 */

export type Colors = ReturnType<typeof picocolors.createColors>

export interface Output {
  readonly write: (text: string) => void
  /** Whether a person looks at it: lines may be redrawn. */
  readonly interactive: boolean
  readonly colors: Colors
  /** Columns of the terminal; a generous fixed width elsewhere. */
  readonly width: () => number
  /** The stream itself, for what redraws lines. */
  readonly stream: NodeJS.WriteStream
}

export interface Terminal {
  readonly out: Output
  readonly err: Output
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Makes both outputs from the process's streams. `color` is the flag; undefined leaves it to the environment. */
export function makeTerminal(
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  environment: Environment,
  color?: boolean,
): Terminal {
  const output = (stream: NodeJS.WriteStream): Output => ({
    write: (text) => void stream.write(text),
    interactive: canRedraw(stream, environment),
    colors: picocolors.createColors(color ?? wantsColor(stream.isTTY === true, environment)),
    width: () => stream.columns || defaultWidth,
    stream,
  })
  return { out: output(streams.stdout), err: output(streams.stderr) }
}

const defaultWidth = 120

/** A terminal that does not know its own width (inside `script`, say) cannot be redrawn without a mess. */
function canRedraw(stream: NodeJS.WriteStream, environment: Environment): boolean {
  return (
    stream.isTTY === true && stream.columns > 0 && environment['TERM'] !== 'dumb' && !isSet(environment['CI'])
  )
}

/** The usual rules: NO_COLOR wins, then FORCE_COLOR, then whether it is a terminal that can. */
export function wantsColor(isTerminal: boolean, environment: Environment): boolean {
  if (isSet(environment['NO_COLOR'])) return false
  const forced = environment['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return isTerminal && environment['TERM'] !== 'dumb'
}

/**
 * A reader that goes away (`estimand ls | head`) is no error: what is still written goes nowhere, and the work
 * itself ends as it would have.
 */
export function ignoreClosedPipes(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    })
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}
