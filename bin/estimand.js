#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'

// Where Node can (22.1 and later), compiled code is kept for the next command.
module.enableCompileCache?.()
const bundled = new URL('../dist/bundle/main.js', import.meta.url)
await import(existsSync(bundled) ? bundled.href : '../dist/cli/main.js')
