// Joins the compiled command into few files, dist/bundle/: opening hundreds of modules took a quarter of the time
// that a small command runs. Most packages stay outside, and dist/ itself stays as it is: worker threads, project code
// and the files beside modules are found there, so a bundled module keeps the address of the one it was made from.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'

/** Packages of many small files that nearly every command loads: opening the files takes longer than running them. */
const joined =
  /^(yaml|nunjucks|asap|a-sync-waterfall|commander|zod|csv-parse|fastest-levenshtein|@dagrejs\/graphlib)(\/|$)/

/** Our own modules and the joined packages become part of the bundle; everything else is found by Node. */
function isExternal(id) {
  if (joined.test(id)) return false
  return !id.startsWith('.') && !id.startsWith('/') && !/^[A-Za-z]:/.test(id)
}

const staleAfterMs = 24 * 60 * 60 * 1000

/** Bundles dist/cli/main.js; without a bundler, or with code that cannot be bundled, the plain modules are run. */
export async function bundle(dist) {
  const folder = join(dist, 'bundle')
  const entry = join(folder, 'main.js')
  try {
    const { rolldown } = await import('rolldown')
    const build = await rolldown({
      input: { main: join(dist, 'cli', 'main.js') },
      external: isExternal,
      platform: 'node',
      logLevel: 'silent',
      plugins: [{ name: 'addresses', transform: (code, id) => withOwnAddress(code, relative(dist, id)) }],
    })
    const { output } = await build.generate({ format: 'esm', chunkFileNames: '[name]-[hash].js' })
    await build.close()
    mkdirSync(folder, { recursive: true })
    // Commands that are running may still load the parts that they began with, so the entry comes last and at once.
    const now = new Date()
    for (const { fileName, code } of output) {
      if (fileName === 'main.js') continue
      const path = join(folder, fileName)
      if (existsSync(path)) utimesSync(path, now, now)
      else writeWhole(path, code)
    }
    writeWhole(entry, output.find(({ fileName }) => fileName === 'main.js').code)
    removeStale(folder, now)
  } catch (error) {
    rmSync(entry, { force: true })
    if (error.code !== 'ERR_MODULE_NOT_FOUND') console.error(`not bundled: ${error.message}`)
  }
}

function withOwnAddress(code, path) {
  if (!code.includes('import.meta.url')) return null
  const address = JSON.stringify(`../${path.replaceAll('\\', '/')}`)
  return code.replaceAll('import.meta.url', `new URL(${address}, import.meta.url).href`)
}

function writeWhole(path, code) {
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, code)
  renameSync(unfinished, path)
}

function removeStale(folder, now) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (name !== 'main.js' && now - statSync(path).mtimeMs > staleAfterMs) rmSync(path, { force: true })
  }
}
