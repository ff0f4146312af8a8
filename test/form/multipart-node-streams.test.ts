// Node's streams, as a multipart body and as the content of a part.
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { encodeMultipart } from '../../src/core.js'
import { readBack } from '../support/multipart-encoded.js'
import { drain, formOf, nextTurn, readForm, rejectionOf } from '../support/multipart-source.js'
import { cutEvery } from '../support/replay.js'

it('a body may be a node stream', async () => {
  const body = formOf({ a: '1', b: 'two' })
  expect(await readForm(Readable.from(cutEvery(body, 10)))).toEqual(await readForm(body))
})

it('a part’s content may be a node stream', async () => {
  const content = Readable.from([Buffer.from('a'), Buffer.from('b')])
  const [[, data] = []] = await readBack(encodeMultipart([{ name: 'a', content }]))
  expect(data!.toString()).toBe('ab')
})

it('a body is an error the second time where a part is a node stream, and never short', async () => {
  const { body } = encodeMultipart([{ name: 'a', content: Readable.from(['x']) }])
  await drain(body)
  expect(await rejectionOf(drain(body))).toBeInstanceOf(Error)
})

it('a node stream of a part is destroyed when the body is left', async () => {
  const content = Readable.from(['x', 'y', 'z'])
  let text = ''
  for await (const piece of encodeMultipart([{ name: 'a', content }]).body) {
    text += Buffer.from(piece).toString()
    if (text.endsWith('x')) break
  }
  await nextTurn()
  expect(content.destroyed).toBe(true)
})
