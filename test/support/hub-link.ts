// Hubs joined without a server: a link in memory that delivers when it is told to, can be cut, and can be given anything. It keeps
// what was published, as a server would.

import { onTestFinished } from 'vitest'
import type { Adapter, AdapterHost, Kept, Subscriber } from '../../src/hub.js'
import { createHub, type Hub, type HubOptions } from '../../src/hub.js'

/** What all hubs of a test are joined by. */
export class Bus {
  readonly kept = new Map<string, Kept[]>()
  readonly ends = new Set<LinkEnd>()
  /** Messages of topics that are on their way: delivered at once unless held. */
  isHeld = false
  private readonly held: (() => void)[] = []

  hub(options: HubOptions = {}): { hub: Hub; link: LinkEnd } {
    const link = new LinkEnd(this)
    const hub = createHub({ ...options, adapter: link })
    onTestFinished(() => hub.close())
    return { hub, link }
  }

  send(deliver: () => void): void {
    if (this.isHeld) this.held.push(deliver)
    else deliver()
  }

  release(): void {
    this.isHeld = false
    for (const deliver of this.held.splice(0)) deliver()
  }
}

export class LinkEnd implements Adapter {
  lost = 0
  readonly unacknowledged = 0
  host!: AdapterHost
  isUp = false
  /** Reads of what was kept that have not been answered, where they are held. */
  readonly reads: (() => void)[] = []
  holdsReads = false
  readonly followed = new Set<string>()
  private readonly bus: Bus

  constructor(bus: Bus) {
    this.bus = bus
    bus.ends.add(this)
  }

  open(host: AdapterHost): void {
    this.host = host
  }

  up(): void {
    this.isUp = true
    for (const topic of this.followed) this.join(topic)
    this.host.linked()
  }

  cut(): void {
    this.isUp = false
    this.reads.length = 0
    this.host.unlinked()
  }

  publish(topic: string, envelope: Uint8Array): void {
    if (!this.isUp) {
      this.lost++
      return
    }
    const kept = this.bus.kept.get(topic) ?? []
    this.bus.kept.set(topic, [...kept, { envelope, at: performance.now() }].slice(-this.host.history))
    this.bus.send(() => {
      for (const end of this.bus.ends)
        if (end.isUp && end.followed.has(topic)) end.host.received(topic, envelope)
    })
  }

  follow(topic: string): void {
    this.followed.add(topic)
    if (this.isUp) this.join(topic)
  }

  unfollow(topic: string): void {
    this.followed.delete(topic)
  }

  private join(topic: string): void {
    this.host.behind(topic)
    this.reread(topic)
  }

  reread(topic: string): void {
    const answer = (): void => this.host.caughtUp(topic, this.bus.kept.get(topic) ?? [])
    if (this.holdsReads) this.reads.push(answer)
    else answer()
  }

  answerReads(): void {
    this.holdsReads = false
    for (const answer of this.reads.splice(0)) answer()
  }

  tell(text: string): void {
    if (!this.isUp) return
    this.bus.send(() => {
      for (const end of this.bus.ends) if (end.isUp) end.host.told(text)
    })
  }

  async close(): Promise<void> {
    this.isUp = false
    this.bus.ends.delete(this)
  }
}

/** Somebody to send to: a WebSocket, as far as a hub can see. */
export class Listener implements Subscriber {
  isOpen = true
  readonly got: (string | Uint8Array)[] = []
  /** Called with what it is sent. */
  onSent: (message: string | Uint8Array) => void = () => {}

  send(message: string | Uint8Array): boolean {
    if (!this.isOpen) return false
    this.got.push(message)
    this.onSent(message)
    return true
  }
}

/** The same over HTTP: what it was sent, and whether that closed it. */
export class HttpListener implements Subscriber {
  readonly websocket = false
  isOpen = true
  readonly sent: { headers?: Record<string, unknown>; body?: string; status?: number }[] = []
  private end: () => void = () => {}
  readonly closed = new Promise<void>((resolve) => {
    this.end = resolve
  })

  send(data: unknown, closeAfterSend = true): boolean {
    if (!this.isOpen) return false
    const isMap = typeof data === 'object' && !(data instanceof Uint8Array)
    const map = (isMap ? data : { body: data }) as {
      headers?: Record<string, unknown>
      body?: string | Uint8Array
    }
    const { body } = map
    this.sent.push({ ...map, body: typeof body === 'string' ? body : Buffer.from(body ?? '').toString() })
    if (closeAfterSend) this.close()
    return true
  }

  close(): void {
    this.isOpen = false
    this.end()
  }

  get bodies(): string[] {
    return this.sent.map(({ body }) => body ?? '')
  }

  /** What a poll was answered. */
  get answer(): { id: string; messages: unknown[]; complete: boolean } {
    return JSON.parse(this.bodies.join(''))
  }
}
