// A folder of files to a browser, and a page that loads one script where the folder has none. Gone when the test ends.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { onTestFinished } from 'vitest'

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' }

/** @returns the server's origin */
export async function serveFolder(folder: string, script: string): Promise<string> {
  const page = `<!doctype html><link rel="icon" href="data:,"><body></body><script type="module" src="${script}"></script>`
  const server = createServer((request, response) => {
    const path = join(folder, request.url === '/' ? 'index.html' : request.url!)
    const content = existsSync(path) ? readFileSync(path) : page
    response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream').end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
