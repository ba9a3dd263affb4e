/** The addresses of the login, all of the proxy's own. */
export const loginPaths = {
  login: '/-/login',
  callback: '/-/login/callback',
  logout: '/-/logout',
  loggedOut: '/-/logged-out',
  backChannelLogout: '/-/logout/back-channel',
  frontChannelLogout: '/-/logout/front-channel',
  environments: '/-/environments',
  code: '/-/code',
  oneTimeCode: '/-/code/once',
  token: '/-/token',
} as const

/** Where versions are promoted by rules, if there are any. */
export const promotePath = '/-/promote'
