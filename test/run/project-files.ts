/** A smallest project file for tests on the database of the run. */
export const projectFile = `
name: shop
version: '1.0'
target: test
targets:
  test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: analytics, threads: 3 }
`
