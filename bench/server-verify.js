// Asks a server once, before it is measured: figures of one that answers something else would be worth nothing.

import { request as httpRequest } from 'node:http'
import { requests } from './inputs.js'
import { helloText, largeText } from './servers/answers.js'

const timeoutMs = 5000
const bodies = { large: largeText, json: requests.json.body }

export async function verify(port, scenario) {
  const { status, text } = await answerOf(port, requests[scenario])
  if (status !== 200) throw new Error(`it answers ${status}`)
  if (text !== (bodies[scenario] ?? helloText)) throw new Error('it answers another body')
}

function answerOf(port, { method, path, headers, body }) {
  const options = {
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: headers.flat(),
    agent: false,
    timeout: timeoutMs,
  }
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, (response) => {
      const pieces = []
      response.on('data', (piece) => pieces.push(piece))
      response.on('end', () =>
        resolve({ status: response.statusCode, text: Buffer.concat(pieces).toString() }),
      )
    })
    request.on('error', reject)
    request.on('timeout', () => request.destroy(new Error('it does not answer')))
    request.end(body)
  })
}
