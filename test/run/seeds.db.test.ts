import { beforeEach, describe, expect, test } from 'vitest'
import { formatProblem } from '../../src/core/problem.ts'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

/*
 * Tables of the same files were compared with those of dbt 1.11; where ours differ on purpose, the guide says so.
 */

describe('seeds', () => {
  const database = useProjectDatabase()
  const run = (files: Files) =>
    withProject({ 'project.yml': projectFile, ...files }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
    )
  const seed = async (csv: string | Uint8Array, config = '{}') => {
    const { node } = await run({
      'seeds/things.csv': csv,
      'seeds/things.yml': `seeds: [{ name: things, config: ${config} }]`,
    })
    return node('things')
  }
  const columns = async () =>
    Object.fromEntries(
      (
        await database.rows(sql`
          select attname as name, format_type(atttypid, atttypmod) as type
          from pg_attribute
          where attrelid = 'analytics.things'::regclass and attnum > 0
          order by attnum`)
      ).map(({ name, type }) => [name, type]),
    )
  const rows = () => database.rows(sql`select * from analytics.things`)

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test('have a row of nulls for an empty line where the project is made for dbt', async () => {
    const files = (project: string) => ({
      [project]: project === 'project.yml' ? projectFile : 'name: shop\nprofile: shop\n',
      'seeds/one.csv': 'a\n1\n\n2\n\n',
      'seeds/two.csv': 'a,b\n1,x\n\n2,y\n',
    })
    const counts = async (project: string) => {
      await withProject(files(project), (root) =>
        runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
      )
      return database.rows(sql`
        select
          (select array[count(*), count(a)] from analytics.one) as one,
          (select array[count(*), count(a), count(b)] from analytics.two) as two`)
    }
    expect(await counts('dbt_project.yml')).toEqual([{ one: [4, 2], two: [3, 2, 2] }])
    expect(await counts('project.yml')).toEqual([{ one: [2, 2], two: [2, 2, 2] }])
  })

  test('get types that all their values fit', async () => {
    await seed(
      [
        'whole,large,real,yes,day,at,zoned,code,words,nothing',
        '1,3000000000,1.5,true,2026-01-01,2026-01-01 10:00:00,2026-01-01T10:00:00Z,007,a,',
        '-2,4,2,False,2026-02-28,2026-01-01T10:00,2026-01-01 10:00:00+02,08,1,',
      ].join('\n'),
    )
    expect(await columns()).toEqual({
      whole: 'integer',
      large: 'bigint',
      real: 'double precision',
      yes: 'boolean',
      day: 'date',
      at: 'timestamp without time zone',
      zoned: 'timestamp with time zone',
      code: 'text',
      words: 'text',
      nothing: 'integer',
    })
  })

  test('are read whatever wrote them: quotes, line ends, marks, empty lines, short rows, the word null', async () => {
    const expected = [
      { id: 1, text: 'a, "b"\nc' },
      { id: 2, text: null },
      { id: 3, text: 'd' },
    ]
    const files = [
      'id,text\n1,"a, ""b""\nc"\n2,\n3,d\n',
      '\ufeffid,text\n1,"a, ""b""\nc"\n2,\n3,d',
      'id,text\r\n1,"a, ""b""\nc"\r\n2,\r\n3,d\r\n',
      'id,text\r\n1,"a, ""b""\nc"\n2,NULL\r\n3,d\n',
      'id,text\n1,"a, ""b""\nc"\n\n2\n3,d\n\n\n',
    ]
    for (const file of files) {
      expect(await seed(file)).toMatchObject({ status: 'success', rows: 3 })
      expect(await rows()).toEqual(expected)
    }
  })

  test('have plain line ends also within quotes where the project is made for dbt', async () => {
    const files = (project: string) => ({
      [project]: project === 'project.yml' ? projectFile : 'name: shop\nprofile: shop\n',
      'seeds/things.csv': 'id,text\r\n1,"a\r\nb\rc"\r\n2,"\r"\r\n',
    })
    const texts = async (project: string) => {
      await withProject(files(project), (root) =>
        runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
      )
      return (await rows()).map(({ text }) => text)
    }
    expect(await texts('dbt_project.yml')).toEqual(['a\nb\nc', null])
    expect(await texts('project.yml')).toEqual(['a\r\nb\rc', '\r'])
  })

  test('take types, delimiters and unquoted names', async () => {
    await seed(
      'Id|Zip\n1|01234\n',
      "{ delimiter: '|', column_types: { Zip: varchar(5) }, quote_columns: false }",
    )
    expect(await columns()).toEqual({ id: 'integer', zip: 'character varying(5)' })
  })

  test('without quotes, names are as SQL reads them, in quotes that the file itself puts round them too', async () => {
    await seed('Id,"""from""","""a-B""", after \n1,2,3,4\n', '{ quote_columns: false }')
    expect(await rows()).toEqual([{ id: 1, from: 2, 'a-B': 3, after: 4 }])
  })

  test('are refused where the file is wrong, at its line', async () => {
    const problem = async (csv: string) => formatProblem((await seed(csv)).problem!).split('   [')[0]
    expect(await problem('id,id\n1,2\n')).toBe("seeds/things.csv:1:1  two columns are called 'id'")
    expect(await problem('id,\n1,2\n')).toBe('seeds/things.csv:1:1  column 2 has no name')
    expect(await problem('')).toBe(
      'seeds/things.csv:1:1  the file is empty; its first line names the columns',
    )
    expect(await problem('id,v\n1,2\n3,4,5\n')).toMatch(/^seeds\/things.csv:3:1 {2}this is no CSV/)
  })
})
