import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { Package, SeedFile } from '../core/project.ts'

/** Describes the CSV files, hashing each as a stream: a seed may be bigger than memory should be. */
export async function readSeedFiles(
  root: string,
  { name: packageName, folder }: Package,
  paths: readonly string[],
  problems: Problem[],
): Promise<SeedFile[]> {
  const seeds: SeedFile[] = []
  for (const packagePath of paths) {
    const path = posix.join(folder, packagePath)
    const absolutePath = join(root, path)
    try {
      const checksum = await sha256(absolutePath)
      const name = basename(path, '.csv')
      seeds.push({ path, absolutePath, package: packageName, packagePath, name, checksum })
    } catch (cause) {
      problems.push(makeProblem('file-unreadable', `${path} cannot be read: ${(cause as Error).message}`))
    }
  }
  return seeds
}

/** Up to this size dbt hashes the text without the white space around it; larger seeds it knows by their path. */
const dbtHashesUpTo = 1 << 20

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  if (statSync(path).size <= dbtHashesUpTo)
    return hash.update(stripped(withPlainLines(readFileSync(path, 'utf8')))).digest('hex')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Python reads a text with one kind of line end. */
function withPlainLines(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

/** Without the white space around it; to Python a byte order mark is none. */
function stripped(text: string): string {
  return text.replace(/^[^\S\uFEFF]+|[^\S\uFEFF]+$/g, '')
}
