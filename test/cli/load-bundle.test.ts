import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/*
 * Parts of a bundle are loaded in processes of their own, by the loader as it is built.
 */

const loader = new URL('../../dist/cli/load-bundle.js', import.meta.url).href
const bin = fileURLToPath(new URL('../../bin/estimand.js', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'estimand-bundle-'))
  write('sum.cjs', "exports.sum = (a, b) => a + b\nexports.main = () => require('./main.cjs')\n")
  write('late.cjs', "exports.base = require('node:path').basename(new URL(moduleAddress).pathname)\n")
  write(
    'main.cjs',
    `const { sum, main } = require('./sum.cjs')
exports.name = 'main'
Promise.all([Promise.resolve().then(() => require('./late.cjs')), importModule('node:os')]).then(
  ([late, esm]) => console.log([sum(1, 2), main().name, late.base, typeof esm.cpus].join()))
`,
  )
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string | Buffer): void {
  writeFileSync(join(folder, name), text)
}

function run(flags: readonly string[] = []) {
  const script = `import { loadBundle } from ${JSON.stringify(loader)}; loadBundle(${JSON.stringify(folder)}, 'main.cjs')`
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...flags, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  )
  return { stdout, stderr, status }
}

/** What tells whether a file has been written again. */
function kept(at = folder): Record<string, string> {
  const names = readdirSync(at).filter((name) => name.endsWith('.code'))
  return Object.fromEntries(names.map((name) => [name, inode(join(at, name))]))
}

function inode(path: string): string {
  const { ino, mtimeNs } = statSync(path, { bigint: true })
  return `${ino} ${mtimeNs}`
}

const said = { stdout: '3,main,late.cjs,function\n', stderr: '', status: 0 }

describe('the parts of a bundle', () => {
  it('are loaded as they are asked for, in circles and beside modules', () => {
    expect(run()).toEqual(said)
  })

  it('keep their code for the next process, which writes nothing', () => {
    run()
    const before = kept()
    expect(Object.keys(before)).toEqual(['late.cjs.code', 'main.cjs.code', 'sum.cjs.code'])
    expect(run()).toEqual(said)
    expect(kept()).toEqual(before)
  })

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['empty', () => Buffer.alloc(0)],
    ['shorter than its checksum', () => Buffer.from('abc')],
    [
      'another',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, index) => (index === 200 ? byte ^ 1 : byte))),
    ],
  ])('do not use code that is %s', (_, spoilt) => {
    run()
    const path = join(folder, 'sum.cjs.code')
    const whole = readFileSync(path)
    write('sum.cjs.code', spoilt(whole))
    const before = kept()
    expect(run()).toEqual(said)
    expect(Object.entries(kept()).filter(([name, stamp]) => before[name] !== stamp)).toHaveLength(1)
    expect(run()).toEqual(said)
    expect(statSync(path).size).toBe(whole.length)
  })

  it('do not use code that was made under other flags', () => {
    run(['--no-lazy'])
    const before = kept()
    expect(run()).toEqual(said)
    const after = kept()
    expect(Object.keys(after).filter((name) => after[name] === before[name])).toEqual([])
  })

  it('do without it where it cannot be written', () => {
    mkdirSync(join(folder, 'main.cjs.code'))
    expect(run()).toEqual(said)
    expect(readdirSync(folder).filter((name) => /\.code\.\d+$/.test(name))).toEqual([])
  })
})

describe('the bundled command', () => {
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

  it('uses the code of its parts the next time, whatever it has done meanwhile', () => {
    // A copy: other tests run commands from dist/ at the same time.
    const copy = join(folder, 'estimand')
    for (const name of ['bin', 'package.json', 'dist/bundle', 'dist/compile/builtin'])
      cpSync(join(dist, '..', name), join(copy, name), {
        recursive: true,
        filter: (path) => !path.endsWith('.code'),
      })
    symlinkSync(join(dist, '..', 'node_modules'), join(copy, 'node_modules'))
    const project = join(folder, 'project')
    cpSync(fileURLToPath(new URL('../projects/small-shop', import.meta.url)), project, { recursive: true })
    const compile = () =>
      spawnSync(process.execPath, [join(copy, 'bin', 'estimand.js'), 'compile'], {
        cwd: project,
        encoding: 'utf8',
      })
    expect(compile().status).toBe(0)
    const bundle = join(copy, 'dist', 'bundle')
    const before = kept(bundle)
    expect(Object.keys(before).length).toBeGreaterThan(20)
    rmSync(join(project, 'target'), { recursive: true })
    expect(compile().status).toBe(0)
    expect(kept(bundle)).toEqual(before)
  })

  it('is what is run', () => {
    expect(existsSync(join(dist, 'bundle', 'main.js'))).toBe(true)
    const { stdout } = spawnSync(process.execPath, [bin, '--version'], { encoding: 'utf8' })
    expect(stdout).toMatch(/^estimand \d/)
  })
})
