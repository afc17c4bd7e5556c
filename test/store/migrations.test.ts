import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '..', '..', 'src', 'store', 'migrations')

// A store that has one of two with the same number is taken to have both, and one after a gap may come too late.
test('migrations are numbered one after the other, and no two alike', () => {
  const files = readdirSync(folder).sort()
  for (const file of files) expect(file).toMatch(/^\d{4}_[a-z]+(_[a-z]+)*\.sql$/)
  const numbers = files.map((file) => Number(file.slice(0, 4)))
  expect(numbers).toEqual(files.map((_, index) => index + 1))
})
