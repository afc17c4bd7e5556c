import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readProject } from '../../src/project/read-project.ts'
import { problemsOf, projectOf, withProject } from './temp-project.ts'

const generator = `
loads:
  - name: world
    kind: generator
    module: product/world.ts
    description: A made-up product.
    params: { events: 1000, seed: 7, fast: true, label: x }
    tags: [raw]
    tables:
      - name: users
        schema: product
        description: One row per user.
        primary_key: user_id
        columns:
          - { name: user_id, type: bigint, description: Key. }
          - { name: paid, type: "numeric(12,2)" }
`

const generatorFiles = {
  'pipelines/world.yml': generator,
  'pipelines/product/world.ts': "import { a } from './parts/a.ts'\nexport default a\n",
  'pipelines/product/parts/a.ts': "export * from '../b.ts'\nimport 'node:fs'\n",
  'pipelines/product/b.ts': 'export const a = 1\n',
  'pipelines/product/unrelated.ts': 'export const c = 1\n',
}

describe('generators', () => {
  it('are read with their tables, the module relative to the project', async () => {
    const { loads } = await projectOf(generatorFiles)
    expect(loads).toEqual([
      {
        package: 'demo',
        packagePath: 'pipelines/world.yml',
        name: 'world',
        description: 'A made-up product.',
        spec: {
          kind: 'generator',
          module: 'pipelines/product/world.ts',
          params: { events: 1000, seed: 7, fast: true, label: 'x' },
          tables: [
            {
              name: 'users',
              schema: 'product',
              description: 'One row per user.',
              primaryKey: ['user_id'],
              columns: [
                { name: 'user_id', type: 'bigint', description: 'Key.' },
                { name: 'paid', type: 'numeric(12,2)', description: '' },
              ],
            },
          ],
        },
        config: { tags: ['raw'] },
        place: { file: 'pipelines/world.yml', line: 3, column: 5 },
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ])
  })

  it('change their checksum with any module that they import, and with no other', async () => {
    await withProject(generatorFiles, async (root) => {
      const checksum = async () => (await readProject(root)).loads[0]!.checksum
      const before = await checksum()
      appendFileSync(join(root, 'pipelines/product/unrelated.ts'), '//')
      expect(await checksum()).toBe(before)
      appendFileSync(join(root, 'pipelines/product/b.ts'), '//')
      expect(await checksum()).not.toBe(before)
    })
  })

  it('need a module that is there', async () => {
    const [problem] = await problemsOf({ 'pipelines/world.yml': generator })
    expect(problem).toContain('pipelines/world.yml:5:13  there is no file pipelines/product/world.ts')
  })
})

describe('files', () => {
  it('are read with defaults', async () => {
    const { loads } = await projectOf({
      'pipelines/a.yml': `
loads:
  - name: a
    kind: csv
    file: "{{ env_var('A') }}"
    tables: [{ name: a, schema: raw, columns: [{ name: x, type: text }] }]
`,
    })
    expect(loads[0]).toMatchObject({
      spec: {
        kind: 'files',
        from: "{{ env_var('A') }}",
        format: 'csv',
        dialect: { delimiter: ',', header: 'skip', nullText: '' },
        fields: [{ column: 'x', origin: 'field', path: ['x'] }],
        badRows: { onBadRow: 'fail' },
        mode: 'replace',
      },
      checksum: '',
    })
  })

  it('are refused with every reason', async () => {
    const problems = await problemsOf({
      'pipelines/a.yml': `loads:
  - name: a
    kind: csv
    file: a.csv
    delimiter: ";;"
    tables: []
  - name: b
    kind: cvs
  - kind: csv
    name: c
    file: c.csv
    modul: x
    tables:
      - name: c
        schema: raw
        columns: [{ name: x }]
`,
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      "pipelines/a.yml:5:16  'delimiter' must be one character   [yaml-invalid]",
      "pipelines/a.yml:6:13  'tables' must have at least 1 entry   [yaml-invalid]",
      "pipelines/a.yml:8:11  'kind' must be 'generator', 'csv', 'files', 'postgres' or 'stream', not the text 'cvs'   [yaml-invalid]",
      "pipelines/a.yml:12:5  unknown key 'modul'   [yaml-unknown-key]",
      "pipelines/a.yml:16:19  'type' is missing   [yaml-invalid]",
    ])
  })

  it('are read with what is said of them', async () => {
    const { loads } = await projectOf({
      'pipelines/a.yml': `
loads:
  - name: a
    kind: files
    from: data/day=*/*.csv.gz
    delimiter: ";"
    null_text: NA
    encoding: latin1
    unknown_fields: ignore
    bad_row_limit: 0.5 %
    mode: upsert
    tables:
      - name: a
        schema: raw
        primary_key: id
        columns:
          - { name: id, type: bigint, from: Id }
          - { name: day, type: date, partition: day, format: YYYYMMDD }
          - { name: city, type: text, from: "$.address.city" }
`,
    })
    expect(loads[0]!.spec).toEqual({
      kind: 'files',
      from: 'data/day=*/*.csv.gz',
      dialect: {
        delimiter: ';',
        quote: '"',
        header: 'match',
        nullText: 'NA',
        encoding: 'latin1',
        unknownFields: 'ignore',
      },
      fields: [
        { column: 'id', origin: 'field', path: ['Id'] },
        { column: 'day', origin: 'partition', path: ['day'], format: 'YYYYMMDD' },
        { column: 'city', origin: 'field', path: ['address', 'city'] },
      ],
      badRows: { onBadRow: 'quarantine', limit: { share: 0.005 } },
      mode: 'upsert',
      key: ['id'],
      onChangedFile: 'refuse',
      params: {},
      tables: [
        expect.objectContaining({
          name: 'a',
          columns: [
            { name: 'id', type: 'bigint', description: '' },
            { name: 'day', type: 'date', description: '' },
            { name: 'city', type: 'text', description: '' },
          ],
        }),
      ],
    })
  })

  it('say what fits together', async () => {
    const problems = await problemsOf({
      'pipelines/a.yml': `loads:
  - name: a
    kind: files
    from: a.csv
    mode: upsert
    tables: [{ name: a, schema: raw, columns: [{ name: id, type: int }] }]
  - name: c
    kind: files
    from: c.csv
    key: [idd]
    tables:
      - name: c
        schema: raw
        columns: [{ name: id, type: int, from: a, partition: b }, { name: x, type: jsonb, format: YYYY }]
`,
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      "pipelines/a.yml:5:11  'mode: upsert' needs a 'key'   [yaml-invalid]",
      "pipelines/a.yml:10:10  'key' means nothing with 'mode: replace'   [yaml-invalid]",
      "pipelines/a.yml:10:11  'key' names 'idd', which is no column of 'c'   [yaml-invalid]",
      "pipelines/a.yml:14:62  a column has either 'from' or 'partition'   [yaml-invalid]",
      "pipelines/a.yml:14:99  'format' means nothing for jsonb   [yaml-invalid]",
    ])
  })

  it("of a store of S3's kind say how to speak to it", async () => {
    const files = (from: string, s3: string) => ({
      'pipelines/a.yml': `
loads:
  - name: a
    kind: files
    from: ${from}
    s3: ${s3}
    tables: [{ name: a, schema: raw, columns: [{ name: id, type: int }] }]
`,
    })
    const said = '{ endpoint: "http://h:9000", region: r, profile: p, path_style: false }'
    const { loads } = await projectOf(files('s3://lake/a.csv', said))
    const s3 = { endpoint: 'http://h:9000', region: 'r', profile: 'p', pathStyle: false }
    expect(loads[0]!.spec).toMatchObject({ s3 })
    expect(await problemsOf(files(`"{{ var('where') }}"`, '{ anonymous: true }'))).toEqual([])
    const wrong = async (from: string, spec: string) => (await problemsOf(files(from, spec)))[0]
    expect(await wrong('a.csv', '{ region: r }')).toContain("a.yml:6:9  's3' means nothing for this 'from'")
    expect(await wrong('s3://lake/a.csv', '{ anonymous: true, profile: p }')).toContain(
      "'profile' means nothing with 'anonymous: true'",
    )
    expect(await wrong('s3://lake/a.csv', '{ secret_access_key: x }')).toContain('secret_access_key')
  })

  it('fill one table, whose key is made of its columns', async () => {
    const problems = await problemsOf({
      'pipelines/a.yml': `loads:
  - name: a
    kind: csv
    file: a.csv
    tables:
      - name: a
        schema: raw
        primary_key: [idd]
        columns: [{ name: id, type: int }, { name: id, type: int }]
      - { name: a, schema: raw, columns: [{ name: id, type: int }] }
`,
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      "pipelines/a.yml:8:23  'primary_key' names 'idd', which is no column of 'a'   [yaml-invalid]",
      "pipelines/a.yml:9:52  column 'id' is declared twice   [yaml-invalid]",
      'pipelines/a.yml:10:9  a load of kind csv fills one table   [yaml-invalid]',
      "pipelines/a.yml:10:17  table 'raw.a' is declared twice   [yaml-invalid]",
    ])
    expect(problems[0]).toContain("did you mean 'id'?")
  })
})
