import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { SeedFile } from '../core/project.ts'

/** Describes the CSV files, hashing each as a stream: a seed may be bigger than memory should be. */
export async function readSeedFiles(
  root: string,
  paths: readonly string[],
  problems: Problem[],
): Promise<SeedFile[]> {
  const seeds: SeedFile[] = []
  for (const path of paths) {
    const absolutePath = join(root, path)
    try {
      const checksum = await sha256(absolutePath)
      seeds.push({ path, absolutePath, name: basename(path, '.csv'), checksum })
    } catch (cause) {
      problems.push(makeProblem('file-unreadable', `${path} cannot be read: ${(cause as Error).message}`))
    }
  }
  return seeds
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
