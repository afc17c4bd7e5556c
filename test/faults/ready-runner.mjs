import { randomUUID } from 'node:crypto'
import { executeNodes } from '../../dist/cli/execute-nodes.js'
import { runCommandLine } from '../../dist/cli/run-command-line.js'

/*
 * The command as a process that has read its code already and waits for its arguments, so that hundreds of runs can be
 * begun and killed. Starting up is most of what a small run takes.
 */

if (typeof executeNodes !== 'function') throw new Error('the package is not built')

process.once('message', async ({ folder, args, environment }) => {
  process.disconnect()
  process.chdir(folder)
  process.exitCode = await runCommandLine(args, {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: { ...process.env, ...environment },
    workingDirectory: folder,
    processId: process.pid,
    clock: () => new Date(),
    newId: randomUUID,
    signals: process,
    exit: (code) => process.exit(code),
  })
})
