/** Content types similar to JSON's. */
export const types = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=utf-16',
    'APPLICATION/JSON',
    'text/plain',
    '',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/x-protobuf',
    'application/jsonx',
    '*/*',
  ],
]
/** Headers that some hop interprets. */
export const headers: readonly (readonly [string, string])[] = [
  ...['identity', 'gzip', 'deflate', 'br', 'gzip, gzip'].map((value) => ['Content-Encoding', value] as const),
  ...['GET', 'DELETE', 'PUT'].map((value) => ['X-HTTP-Method-Override', value] as const),
  ...['prod', '../prod', ''].map((value) => ['X-MLFLOW-WORKSPACE', value] as const),
  ...['31', '21', ' 31', '31,11'].map((value) => ['x-mlflow-experiment-id', value] as const),
  ['x-mlflow-run-id', '3'.repeat(30).concat('01')],
  ['X-Forwarded-User', 'evil-header'],
  ['X-Forwarded-Prefix', '/evil-header'],
  ['X-Original-URL', '/evil-header'],
  ['X_Forwarded_User', 'evil-header'],
  ['__proto__', 'evil-header'],
  ['Cookie', 'session=evil-header'],
  ['Range', 'bytes=0-1'],
  ['If-None-Match', 'evil-header'],
  ['Accept', 'text/html,application/xhtml+xml'],
  ['Accept', 'application/json'],
  ['Expect', '100-continue'],
  ['Connection', 'content-type'],
  ['Connection', 'close'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Origin', 'http://evil-header.example'],
  ['X-Databricks-Org-Id', 'evil-header'],
]
/** Methods, both served and not. */
export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'SEARCH']
