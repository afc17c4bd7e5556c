// Joins the compiled command into few files, dist/bundle/: opening hundreds of modules took a quarter of the time
// that a small command runs. Most packages stay outside, and dist/ itself stays as it is: worker threads, project code
// and the files beside modules are found there, so a bundled module keeps the address of the one it was made from.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Packages of many small files that nearly every command loads: opening the files takes longer than running them. And
 * small ones that are ES modules, of which CommonJS would be told that requiring them is an experiment.
 */
const joined =
  /^(get-port|p-limit|yocto-queue|yaml|nunjucks|asap|a-sync-waterfall|commander|zod|csv-parse|fastest-levenshtein|@dagrejs\/graphlib|ml-[a-z-]+|is-any-array)(\/|$)/

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
      plugins: [{ name: 'for-loader', transform: (code, id) => forLoader(code, relative(dist, id)) }],
    })
    const { output } = await build.generate({
      format: 'cjs',
      entryFileNames: '[name]-[hash].cjs',
      chunkFileNames: '[name]-[hash].cjs',
    })
    await build.close()
    mkdirSync(folder, { recursive: true })
    // Commands that are running may still load the parts that they began with, so the entry comes last and at once.
    const now = new Date()
    for (const { fileName, code } of output) {
      const path = join(folder, fileName)
      if (existsSync(path)) utimesSync(path, now, now)
      else writeWhole(path, code)
    }
    writeWhole(entry, entryCode(dist, output.find(({ isEntry }) => isEntry).fileName))
    removeStale(folder, now)
  } catch (error) {
    rmSync(entry, { force: true })
    if (error.code !== 'ERR_MODULE_NOT_FOUND') console.error(`not bundled: ${error.message}`)
  }
}

/** What loads the parts, and a line that begins with the first of them. */
function entryCode(dist, first) {
  const loader = readFileSync(join(dist, 'cli', 'load-bundle.js'), 'utf8').replace(
    /^\/\/# sourceMappingURL.*$/m,
    '',
  )
  return `${loader}\nloadBundle(import.meta.dirname, ${JSON.stringify(first)})\n`
}

/** The loader gives each part its address and imports modules that stay outside: a script can do neither. */
function forLoader(code, path) {
  const address = JSON.stringify(`../${path.replaceAll('\\', '/')}`)
  return code
    .replaceAll('import.meta.url', `new URL(${address}, moduleAddress).href`)
    .replace(/\bimport\((['"])([^'"]+)\1\)/g, (text, _, id) =>
      isExternal(id) ? `importModule(${JSON.stringify(id)})` : text,
    )
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
