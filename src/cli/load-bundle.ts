import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { crc32 } from 'node:zlib'

/*
 * Loads the parts of the bundled command, with the code that V8 made of them for an earlier command: that lies beside
 * each part. The build puts this file into the entry of the bundle, so it imports nothing of ours.
 */

type Part = { exports: unknown }

interface LoadedPart {
  readonly path: string
  readonly script: Script
}

/** Runs a part of the bundle in `folder`, and others as they are required; keeps what V8 made of them. */
export function loadBundle(folder: string, entry: string): void {
  const parts = new Map<string, Part>()
  const fresh: LoadedPart[] = []
  const requireOther = createRequire(join(folder, entry))
  const load = (name: string): unknown => {
    const known = parts.get(name)
    if (known) return known.exports
    const part: Part = { exports: {} }
    // Parts may require each other in a circle.
    parts.set(name, part)
    const path = join(folder, name)
    const { script, isKept } = scriptOf(path)
    if (!isKept) fresh.push({ path, script })
    const requirePart = (id: string): unknown =>
      id.startsWith('./') && id.endsWith('.cjs') ? load(id.slice(2)) : requireOther(id)
    script.runInThisContext()(part.exports, requirePart, importModule, pathToFileURL(path).href)
    return part.exports
  }
  process.once('exit', () => keepCode(folder, fresh))
  load(entry)
}

/** To import from a script is an experiment for Node; here it is not. */
function importModule(specifier: string): Promise<unknown> {
  return import(specifier)
}

function scriptOf(path: string): { readonly script: Script; readonly isKept: boolean } {
  const cachedData = readCode(codePath(path))
  const code = `(function (exports, require, importModule, moduleAddress) {${readFileSync(path, 'utf8')}\n})`
  const script = new Script(code, {
    filename: path,
    ...(cachedData && { cachedData }),
  })
  // It is refused where it is of another version of V8, or was made under other flags.
  return { script, isKept: cachedData !== undefined && script.cachedDataRejected === false }
}

/** Parts have the hash of their content in their names, so code never belongs to another content. */
function codePath(path: string): string {
  return `${path}.code`
}

const checksumBytes = 4

function readCode(path: string): Buffer | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    return undefined
  }
  // V8 trusts what it is given.
  const code = bytes.subarray(0, Math.max(0, bytes.length - checksumBytes))
  return code.length > 0 && crc32(code) === bytes.readUInt32LE(code.length) ? code : undefined
}

/** Keeps the code of parts for the next command, if their folder can be written. */
function keepCode(folder: string, parts: readonly LoadedPart[]): void {
  if (parts.length === 0) return
  try {
    accessSync(folder, constants.W_OK)
    for (const { path, script } of parts) {
      const code = script.createCachedData()
      const checksum = Buffer.alloc(checksumBytes)
      checksum.writeUInt32LE(crc32(code))
      writeWhole(codePath(path), Buffer.concat([code, checksum]))
    }
  } catch {
    // Without it the next command takes a little longer.
  }
}

function writeWhole(path: string, bytes: Buffer): void {
  const unfinished = `${path}.${process.pid}`
  try {
    writeFileSync(unfinished, bytes)
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}
