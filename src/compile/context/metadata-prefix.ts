/** Environment variables whose names begin so are told to templates all together. */
export const metadataPrefix = 'DBT_ENV_CUSTOM_ENV_'
