/** Azure Databricks, in the public and in every national cloud: the one audience whose tokens a workspace is asked with. */
export const databricksAudience = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d'
