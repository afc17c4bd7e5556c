// Builds src/ to dist/. With --if-stale it does so only when a source is newer than the last build,
// so that `npm start` after an edit works and an unchanged start costs nothing.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'
import { clearRemoved } from './clear-removed.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'dist', '.tsbuildinfo')

/** Files under `dir` that the build reads. */
function sources(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function isStale() {
  if (!existsSync(stamp)) return true
  const builtAt = statSync(stamp).mtimeMs
  return [...sources(join(root, 'src')), join(root, 'tsconfig.build.json')].some(
    (file) => statSync(file).mtimeMs > builtAt,
  )
}

if (process.argv.includes('--if-stale') && !isStale()) process.exit(0)
// An installed package carries dist/ and no sources: there is nothing to build.
if (!existsSync(join(root, 'src'))) process.exit(0)

clearRemoved(join(root, 'src'), join(root, 'dist'))

// What is not TypeScript (numbered SQL migrations, templates) is shipped as it is.
for (const file of sources(join(root, 'src'))) {
  if (!file.endsWith('.ts')) cpSync(file, file.replace(join(root, 'src'), join(root, 'dist')))
}

const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
const result = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
await bundle(join(root, 'dist'))
process.exit(result.status ?? 1)
