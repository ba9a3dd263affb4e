import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNginx } from '../../../scripts/setup/nginx.mjs'
import { freePort } from '../../../test/harness/program.ts'
import { type Kind, startContender } from '../contender.ts'

const configuration = (folder: string, port: number, upstream: string) => `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream mlflow { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      proxy_pass http://mlflow;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host ${new URL(upstream).host};
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
  }
}
`

/** Plain forwarding. */
export const nginx: Kind = {
  name: 'nginx',
  async start({ upstream, folder, probe }) {
    const command = findNginx()
    if (command === null) throw new Error('nginx was not found')
    const port = await freePort()
    const file = join(folder, `nginx-${port}.conf`)
    writeFileSync(file, configuration(folder, port, upstream))
    return startContender({ name: 'nginx', port, command, args: ['-e', 'stderr', '-p', folder, '-c', file] }, probe)
  },
}
