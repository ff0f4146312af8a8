// The clients of the idle benchmark, in one process of their own: on a message opens connections up to a total, makes
// one request on each, and keeps them.

import { connect } from 'node:net'
import { messageOf, requests } from '../inputs.js'

const atOnce = 100
const message = messageOf(requests.hello)
const sockets = new Set()

process.on('message', async ({ port, total }) => {
  try {
    await openUpTo(port, total)
    process.send({ alive: sockets.size })
  } catch (error) {
    process.send({ error: error.message })
  }
})

async function openUpTo(port, total) {
  let missing = total - sockets.size
  const openInTurn = async () => {
    while (missing-- > 0) await openOne(port)
  }
  await Promise.all(Array.from({ length: atOnce }, openInTurn))
}

/** Settles when the answer has come, which ends with the text. */
function openOne(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(message))
    let answer = ''
    sockets.add(socket)
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      answer += text
      if (answer.endsWith('hello world')) resolve()
    })
    socket.on('error', reject)
    socket.on('close', () => {
      sockets.delete(socket)
      reject(new Error('the server closed a connection'))
    })
  })
}
