#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

// V8 makes faster code of what runs often, on another thread, and soon finds much to be worth it. A command is over
// before most of that pays, and meanwhile it takes half of a small machine: docs/decisions/0014-two-cores.md.
setFlagsFromString('--interrupt-budget=1000000')
// It also lets the heap grow to four times of what is alive before it looks what is not; twice does as well.
setFlagsFromString('--heap-growing-percent=100')
// The space for new objects begins with 1 MB and grows by as much as survives. Twofold steps mean ten collections before
// a small command has done anything, and each of them copies what the command goes on to need.
setFlagsFromString('--semi-space-growth-factor=4')
// There is so little to copy each time that waiting for a second thread to help takes longer than it helps.
setFlagsFromString('--no-parallel-scavenge')
// What loads the parser of SQL sets these flags too, with the reasons. Code that is kept is bound to the flags under which it
// was made, so they are all set before any is loaded.
setFlagsFromString('--wasm-tiering-budget=2147483647')
if (Number.parseInt(process.versions.v8, 10) >= 13) {
  setFlagsFromString('--no-wasm-tier-up')
  setFlagsFromString('--no-wasm-dynamic-tiering')
}
// The bundle keeps its compiled code for the next command; where Node can (22.1 and later), it does so for packages.
module.enableCompileCache?.()
const bundled = new URL('../dist/bundle/main.js', import.meta.url)
await import(existsSync(bundled) ? bundled.href : '../dist/cli/main.js')
