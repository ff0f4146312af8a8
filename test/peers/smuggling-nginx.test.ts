// Request smuggling through nginx, which keeps its connections to the server: no payload costs an honest client its answer.
// As people set it up, and set to let as much through as it can.
import { join } from 'node:path'
import { nginx, startNginx } from '../support/nginx.js'
import { describeFront } from '../support/smuggling-front.js'

const fields = `
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;`

const http = (folder: string, port: number): string => `
upstream server { server 127.0.0.1:${port}; keepalive 4; }
map $http_upgrade $hop { default upgrade; '' ''; }
server {
  listen unix:${folder}/usual.sock;
  location / {
    ${fields}
    proxy_set_header Connection "";
    proxy_pass http://server;
  }
}
server {
  listen unix:${folder}/lax.sock;
  ignore_invalid_headers off;
  underscores_in_headers on;
  merge_slashes off;
  location / {
    ${fields}
    proxy_set_header Connection $hop;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Expect $http_expect;
    proxy_set_header TE $http_te;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_pass http://server;
  }
}`

describeFront('nginx', nginx === undefined, (folder, port) => {
  return startNginx(folder, { http: http(folder, port) }, join(folder, 'lax.sock'))
})
