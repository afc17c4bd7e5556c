import type { Output } from '../output.ts'

/*
 * Lines that stay and, on a terminal, lines below them that are redrawn. Whoever prints goes through the one
 * screen of the command, so that nothing is written into the middle of what is being redrawn.
 */

export interface Screen {
  readonly output: Output
  /** Writes lines that stay. */
  readonly print: (text: string) => void
  /** Sets what is drawn below until further notice; does nothing where lines cannot be redrawn. */
  readonly setLive: (render: (() => readonly string[]) | null) => void
  /** Removes the live lines and gives the cursor back. */
  readonly close: () => void
}

const redrawEveryMs = 100

/** The screen for an output: live on a terminal, plain lines elsewhere. */
export async function makeScreen(output: Output): Promise<Screen> {
  return output.interactive ? makeLiveScreen(output) : makePlainScreen(output)
}

/** A screen for files and pipes. */
export function makePlainScreen(output: Output): Screen {
  return { output, print: (text) => output.write(`${text}\n`), setLive: () => {}, close: () => {} }
}

async function makeLiveScreen(output: Output): Promise<Screen> {
  const { createLogUpdate } = await import('log-update')
  const redraw = createLogUpdate(output.stream)
  let render: (() => readonly string[]) | null = null
  let timer: NodeJS.Timeout | null = null
  const draw = (): void => {
    const lines = render?.() ?? []
    if (lines.length > 0) redraw(lines.join('\n'))
    else redraw.clear()
  }
  const stop = (): void => {
    if (timer) clearInterval(timer)
    timer = null
    render = null
    redraw.clear()
    redraw.done()
  }
  return {
    output,
    print: (text) => {
      if (timer) redraw.clear()
      output.write(`${text}\n`)
      if (timer) draw()
    },
    setLive: (next) => {
      if (next === null) {
        if (timer) stop()
        return
      }
      render = next
      // Not unref'ed work of its own: the process lives as long as the command, never for the drawing.
      timer ??= setInterval(draw, redrawEveryMs).unref()
      draw()
    },
    close: () => {
      if (timer) stop()
    },
  }
}
