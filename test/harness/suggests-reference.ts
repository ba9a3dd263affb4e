/** Names of fields that look as if they held a reference. */
export const suggestsReference = /(^|[._])(id|ids|uuid|name|names|source|uri|url|location|path|run|experiment|model|parent)$/
