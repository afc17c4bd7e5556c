const customPrefix = 'DBT_ENV_CUSTOM_ENV_'

/** The variables that people want told on with everything, under the rest of their names. */
export function customVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      name.startsWith(customPrefix) && value !== undefined ? [[name.slice(customPrefix.length), value]] : [],
    ),
  )
}
