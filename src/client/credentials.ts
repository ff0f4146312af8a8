// Who we are, from a URL's userinfo.

/** The userinfo of a URL as Basic credentials (RFC 7617), or undefined where it has none. */
export function credentialsOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
