import { randomUUID } from 'node:crypto'
import { ignoreClosedPipes } from './output.ts'
import { runCommandLine } from './run-command-line.ts'

/*
 * The process of the command `estimand`: everything that belongs to a process and not to a command is here. It is
 * bundled as CommonJS, where nothing is awaited outside functions.
 */

ignoreClosedPipes([process.stdout, process.stderr])

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    process.stderr.write(`unexpected error: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(2)
  })
}

// The code is set and the process left to end by itself: exiting would cut off what is still being written.
runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  workingDirectory: process.cwd(),
  processId: process.pid,
  clock: () => new Date(),
  newId: randomUUID,
  signals: process,
  exit: (code) => process.exit(code),
}).then((code) => {
  process.exitCode = code
})
