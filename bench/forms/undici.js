// fetch's Response, of the undici package rather than the older one within Node.

import { FormData, Response } from 'undici'

export async function readFields(body, contentType, onField) {
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData()
  for (const [name, value] of form) onField(name, value)
}

export async function writeForm({ fields, file }, onPiece) {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  if (file) form.append(file.name, new File([file.bytes], file.filename, { type: file.type }))
  const response = new Response(form)
  const reader = response.body.getReader()
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) onPiece(value)
  return response.headers.get('content-type')
}
