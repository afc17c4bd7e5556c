/** The files that name the packages which a project builds on. */
export const packageListNames = ['dependencies.yml', 'packages.yml'] as const
