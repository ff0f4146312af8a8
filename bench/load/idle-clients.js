// The clients of the idle benchmark, in one process of their own: on a message opens so many connections, makes one
// request on each, and keeps them. Linux gives it some 28,000 ports to connect from.

import { connect } from 'node:net'
import { messageOf, requests } from '../inputs.js'

const atOnce = 100
const message = messageOf(requests.hello)
const sockets = new Set()

process.on('message', async (order) => {
  try {
    if (order !== 'count') await openMany(order)
    process.send({ alive: sockets.size })
  } catch (error) {
    process.send({ error: error.message })
  }
})

async function openMany({ port, connections }) {
  let left = connections
  const openInTurn = async () => {
    while (left-- > 0) await openOne(port)
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
