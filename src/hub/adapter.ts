// What joins the hubs of many processes: it carries messages of topics, remembers the last of them for those who come late, and
// carries what hubs tell each other about their subscribers. It knows nothing of what it carries.

/** A message that was published some time ago. */
export interface Kept {
  /** As it was given to `publish`. */
  readonly envelope: Uint8Array
  /** When, as far as known, on performance.now's clock. */
  readonly at: number
}

/** Whom an adapter tells. */
export interface AdapterHost {
  /** Messages of a topic to keep. */
  readonly history: number
  /** Milliseconds for which to keep them. */
  readonly historyTime: number
  /** It reaches the other processes, and follows what it was told to. */
  linked(): void
  /** It no longer does. */
  unlinked(): void
  /** What was published to the topic is being asked for; what comes meanwhile is to wait for it. May be said more than once. */
  behind(topic: string): void
  /** What was asked for, in its order. */
  caughtUp(topic: string, kept: readonly Kept[]): void
  /** A message has come; also one that was published here. */
  received(topic: string, envelope: Uint8Array): void
  /** What a process has told all, this one included. */
  told(text: string): void
  /** What went wrong, for somebody to read. */
  failed(error: unknown): void
}

/** What carries messages from process to process, as `redisAdapter` does; of one hub. */
export interface Adapter {
  /** Messages that were published while nobody took them, or whose taking was not confirmed. */
  readonly lost: number
  /** Messages whose taking has yet to be confirmed. */
  readonly unacknowledged: number
  /** Called once, first. It connects, and connects again, until it is closed. */
  open(host: AdapterHost): void
  /** Takes a message to all who follow the topic, and keeps it. */
  publish(topic: string, envelope: Uint8Array): void
  /** Has the topic's messages brought, now (where it is linked, behind is called at once) and after every reconnection. */
  follow(topic: string): void
  /** Ends that. */
  unfollow(topic: string): void
  /** Reads once more what was kept of a followed topic: caughtUp. */
  reread(topic: string): void
  /** To all processes, where they are reached; else to none. */
  tell(text: string): void
  /** Ends what it has open. */
  close(): Promise<void>
}
