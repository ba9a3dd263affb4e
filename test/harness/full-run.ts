/** Whether everything is to run that is slow and rarely breaks, as in .ci/run. */
export const isFullRun = process.env.ENV_PROXY_TESTS === 'full'
