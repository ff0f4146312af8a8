// Clients of a hub's HTTP: one that polls, and one that reads an event stream as a browser's EventSource does.

export interface PollAnswer {
  id: string
  messages: unknown[]
  complete: boolean
}

export async function poll(url: string, signal?: AbortSignal): Promise<PollAnswer> {
  const response = await fetch(url, { signal: signal ?? null })
  if (response.status !== 200) throw new Error(`a poll was answered ${response.status}`)
  return (await response.json()) as PollAnswer
}

export interface ServerEvent {
  event: string
  data: string
  id: string
}

export class EventStream {
  /** What a browser would say as Last-Event-ID. */
  lastId = ''
  readonly headers: Headers
  /** Those that have come and have not been asked for. */
  readonly events: ServerEvent[] = []
  isOver = false
  private wake: () => void = () => {}
  private readonly abort: AbortController

  private constructor(response: Response, abort: AbortController) {
    this.headers = response.headers
    this.abort = abort
    this.read(response.body!).catch(() => {
      this.isOver = true
      this.wake()
    })
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
    const abort = new AbortController()
    return new EventStream(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    let text = ''
    for await (const piece of body) {
      text += decoder.decode(piece, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) this.take(block)
    }
    throw new Error('the stream has ended')
  }

  // HTML, "Interpreting an event stream": an event without data is none, but its id counts.
  private take(block: string): void {
    const fields = block.split('\n').map((line) => /^([^:]*):? ?(.*)$/.exec(line)!.slice(1))
    const all = (name: string): string[] => fields.flatMap(([key, value]) => (key === name ? [value!] : []))
    this.lastId = all('id').at(-1) ?? this.lastId
    const data = all('data')
    if (data.length > 0) {
      this.events.push({ event: all('event').at(-1) ?? 'message', data: data.join('\n'), id: this.lastId })
    }
    this.wake()
  }

  async next(): Promise<ServerEvent> {
    while (this.events.length === 0) {
      if (this.isOver) throw new Error('the stream has ended')
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    return this.events.shift()!
  }

  close(): void {
    this.abort.abort()
  }
}
