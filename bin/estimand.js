#!/usr/bin/env node
import module from 'node:module'

// Where Node can (22.1 and later), compiled code is kept for the next command.
module.enableCompileCache?.()
await import('../dist/cli/main.js')
