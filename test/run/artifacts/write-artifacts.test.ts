import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { runResultsArtifact } from '../../../src/run/artifacts/run-results-artifact.ts'
import { writeArtifacts } from '../../../src/run/artifacts/write-artifacts.ts'
import { jsonParts, writeJson } from '../../../src/run/artifacts/write-json.ts'
import { compiled } from '../../compile/context/parse-project.ts'
import { options, orders, run, shop, singularTest, uniqueOrder } from './sample-shop.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'estimand-artifacts-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8')

describe('writeArtifacts', () => {
  it('writes the manifest and the run results, and nothing else beside the SQL', async () => {
    await writeArtifacts(folder, { ...options, manifest: shop, run })
    const compiledCode = new Map(run.results.map(({ nodeId, compiledCode }) => [nodeId, compiledCode ?? '']))
    compiledCode.forEach((code, id) => {
      if (code === '') compiledCode.delete(id)
    })
    const manifest = manifestArtifact(shop, { ...options, compiledCode })
    expect(JSON.parse(read('manifest.json'))).toEqual(JSON.parse(JSON.stringify(manifest)))
    const results = runResultsArtifact(run, shop, options)
    expect(JSON.parse(read('run_results.json'))).toEqual(JSON.parse(JSON.stringify(results)))
    expect(readdirSync(folder).sort()).toEqual(['compiled', 'manifest.json', 'run_results.json'])
  })

  it('writes SQL where dbt writes it', async () => {
    const compiledCode = new Map([
      [orders.id, 'select * from raw.orders'],
      [uniqueOrder.id, 'select 1'],
      [singularTest.id, 'select 3\n'],
      ['model.shop.gone', 'select 4'],
    ])
    const executedCode = new Map([[orders.id, 'create table built.orders as select 1;']])
    const made = { run, compiledCode, executedCode }
    await writeArtifacts(join(folder, 'target'), { ...options, manifest: shop, ...made })
    const files = readdirSync(join(folder, 'target', 'compiled'), { recursive: true, withFileTypes: true })
    expect(
      files
        .filter((file) => file.isFile())
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['orders.sql', 'revenue_agrees.sql', 'unique_orders_order_id.sql'])
    const compiledAt = (path: string) => read('target/compiled/shop', path)
    expect(compiledAt('models/marts/orders.sql')).toBe('select * from raw.orders')
    expect(compiledAt('models/marts/marts.yml/unique_orders_order_id.sql')).toBe('select 1')
    expect(compiledAt('tests/finance/revenue_agrees.sql')).toBe('select 3\n')
    expect(read('target/run/shop/models/marts/orders.sql')).toBe('create table built.orders as select 1;')
  })

  it('gives each snapshot a file below that of its block, and none to what comes to nothing', async () => {
    const block = (
      name: string,
    ) => `{% snapshot ${name} %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
select 1 as id{% endsnapshot %}`
    const { manifest } = await compiled({
      'project.yml': 'name: shop\n',
      'snapshots/both.sql': `${block('both')}${block('other')}`,
      'models/none.sql': '{% if false %}select 1{% endif %}',
    })
    const compiledCode = new Map([
      ['snapshot.shop.both', 'select 1 as id'],
      ['snapshot.shop.other', 'select 2 as id'],
      ['model.shop.none', ''],
    ])
    // As it was written when a file had room for one.
    mkdirSync(join(folder, 'compiled/shop/snapshots'), { recursive: true })
    writeFileSync(join(folder, 'compiled/shop/snapshots/both.sql'), 'select 0')
    await writeArtifacts(folder, { ...options, manifest, compiledCode })
    expect(read('compiled/shop/snapshots/both.sql/both.sql')).toBe('select 1 as id')
    expect(read('compiled/shop/snapshots/both.sql/other.sql')).toBe('select 2 as id')
    expect(readdirSync(join(folder, 'compiled/shop'))).toEqual(['snapshots'])
  })

  it('leaves the manifest as it was when the SQL cannot be written', async () => {
    writeFileSync(join(folder, 'manifest.json'), 'the old one')
    mkdirSync(join(folder, 'compiled/shop/models/marts/orders.sql'), { recursive: true })
    const compiledCode = new Map([[orders.id, 'select 1']])
    const writing = writeArtifacts(folder, { ...options, manifest: shop, compiledCode })
    await expect(writing).rejects.toMatchObject({ code: 'EISDIR' })
    expect(read('manifest.json')).toBe('the old one')
    expect(readdirSync(folder).sort()).toEqual(['compiled', 'manifest.json'])
  })

  it('writes no run results when nothing ran', async () => {
    await writeArtifacts(folder, { ...options, manifest: shop })
    expect(readdirSync(folder)).toEqual(['manifest.json'])
  })
})

describe('writeJson', () => {
  it('writes what JSON.stringify would', () => {
    const document = {
      list: [1, undefined, { a: 'ü"\n' }],
      empty: [],
      none: {},
      left: undefined,
      map: { a: null, b: undefined, 'c"': [1] },
      number: 1.5,
      nothing: null,
    }
    expect(JSON.parse([...jsonParts(document)].join(''))).toEqual(JSON.parse(JSON.stringify(document)))
  })

  it('takes entries from a function as it writes them', () => {
    const made: string[] = []
    const entries = function* () {
      for (const key of ['a', 'b']) {
        made.push(key)
        yield [key, { of: key }] as const
      }
    }
    const parts = jsonParts({ entries })
    for (const part of parts) if (part.startsWith('"a"')) break
    expect(made).toEqual(['a'])
    expect(JSON.parse([...jsonParts({ entries })].join(''))).toEqual({
      entries: { a: { of: 'a' }, b: { of: 'b' } },
    })
  })

  it('writes documents of more than one chunk whole', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`id_${index}`, 'ü'.repeat(900)]),
    )
    await writeJson(join(folder, 'big.json'), { rows }, options)
    expect(JSON.parse(read('big.json'))).toEqual({ rows })
  })

  it('leaves the old file as it was when writing fails, and no half of the new', async () => {
    writeFileSync(join(folder, 'a.json'), 'old')
    const circular: Record<string, unknown> = {}
    circular.self = circular
    await expect(writeJson(join(folder, 'a.json'), { first: {}, circular }, options)).rejects.toThrow(
      TypeError,
    )
    expect(read('a.json')).toBe('old')
    expect(readdirSync(folder)).toEqual(['a.json'])
  })
})
