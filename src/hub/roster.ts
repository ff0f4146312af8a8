// Who is subscribed to what, in all processes. Each tells the others what changes with its own subscribers, some milliseconds'
// worth at a time, and numbers what it tells; and each says now and then that it is alive, and how many changes there were. Who
// finds that he lacks some asks for the whole. Who is silent too long is forgotten, with all of his.
import { every } from '../io/every.js'
import { isPresence, MAX_TOPIC_NAME } from './settings.js'
import { isProcess } from './writer.js'

interface Attendance {
  count: number
  /** By subscription, what those have said who they are. */
  readonly present: Map<number, unknown>
}

interface Process {
  /** Changes that are known of it. */
  version: number
  /** When it was last heard of, on performance.now's clock. */
  heardAt: number
  topics: Map<string, Attendance>
  /** Topics and presences in all that is held of it. */
  size: number
  /** The whole, while it comes in parts. */
  incoming: Map<string, Attendance> | undefined
}

/** A topic, its count, who has come (subscription and presence), who has gone. */
type Change = [topic: string, count: number, come: [number, unknown][], gone: number[]]

/** `kind` is what changed, the whole (a part of it), a sign of life, a question for the whole, or a farewell. */
interface Told {
  readonly kind: 'change' | 'whole' | 'alive' | 'ask' | 'bye'
  readonly from: string
  /** Of a question: who is asked; all, where nobody is named. */
  readonly of?: string
  readonly version?: number
  readonly isFirst?: boolean
  readonly isLast?: boolean
  readonly changes?: Change[]
}

export interface RosterHost {
  readonly process: string
  readonly memberTimeout: number
  /** To all processes, where there are others. */
  tell: ((text: string) => void) | undefined
  changed(topic: string): void
  malformed(): void
}

/** Milliseconds for which changes are gathered. */
const GATHER_MS = 10
/** Subscribers in one part of the whole. */
const PART = 500
/** Topics and presences that are held of one process at most: of one that says more, nothing is believed. */
const MAX_HELD = 500_000
/** Processes that are known at most. */
const MAX_PROCESSES = 1000

export class Roster {
  private readonly host: RosterHost
  private readonly own = new Map<string, Attendance>()
  private readonly others = new Map<string, Process>()
  private readonly changes = new Map<string, { come: Map<number, unknown>; gone: Set<number> }>()
  private readonly changed = new Set<string>()
  private version = 0
  private gathering: ReturnType<typeof setTimeout> | undefined = undefined
  private beating: ReturnType<typeof setInterval> | undefined = undefined
  private lookedAt = 0
  private isAsked = false

  constructor(host: RosterHost) {
    this.host = host
  }

  join(topic: string, id: number, presence: unknown): void {
    const own = attendanceOf(this.own, topic)
    own.count++
    this.change(topic)
    if (presence !== undefined) this.present(topic, id, presence)
  }

  /** Who it is, said for the first time or anew. */
  present(topic: string, id: number, presence: unknown): void {
    attendanceOf(this.own, topic).present.set(id, presence)
    this.change(topic).come.set(id, presence)
  }

  leave(topic: string, id: number): void {
    const own = this.own.get(topic)
    if (own === undefined) return
    own.count--
    const { come, gone } = this.change(topic)
    if (own.present.delete(id)) {
      come.delete(id)
      gone.add(id)
    }
    if (own.count === 0) this.own.delete(topic)
  }

  count(topic: string): number {
    let count = this.own.get(topic)?.count ?? 0
    for (const { topics } of this.others.values()) count += topics.get(topic)?.count ?? 0
    return count
  }

  presence(topic: string): unknown[] {
    const all = [...(this.own.get(topic)?.present.values() ?? [])]
    for (const { topics } of this.others.values()) all.push(...(topics.get(topic)?.present.values() ?? []))
    return all
  }

  topics(): string[] {
    const names = new Set(this.own.keys())
    for (const { topics } of this.others.values()) for (const name of topics.keys()) names.add(name)
    return [...names]
  }

  /** Processes known, this one included. */
  get processes(): number {
    return this.others.size + 1
  }

  private change(topic: string): { come: Map<number, unknown>; gone: Set<number> } {
    let change = this.changes.get(topic)
    if (change === undefined) this.changes.set(topic, (change = { come: new Map(), gone: new Set() }))
    this.note(topic)
    return change
  }

  private note(topic: string): void {
    this.changed.add(topic)
    this.gathering ??= setTimeout(() => this.tellChanges(), GATHER_MS)
  }

  private tellChanges(): void {
    this.gathering = undefined
    const changed = [...this.changed]
    this.changed.clear()
    if (this.host.tell !== undefined && this.changes.size > 0) {
      const changes = Array.from(this.changes, ([topic, { come, gone }]): Change => {
        return [topic, this.own.get(topic)?.count ?? 0, [...come], [...gone]]
      })
      this.tell({ kind: 'change', from: this.host.process, version: ++this.version, changes })
    }
    this.changes.clear()
    for (const topic of changed) this.host.changed(topic)
  }

  private tell(told: Told): void {
    this.host.tell?.(JSON.stringify(told))
  }

  /** The others are reached, from now on or again: they are told the whole, and asked for theirs. */
  linked(): void {
    this.tellWhole()
    this.tell({ kind: 'ask', from: this.host.process })
    if (this.beating !== undefined) return
    this.lookedAt = performance.now()
    this.beating = every(this.host.memberTimeout / 4, () => this.beat())
  }

  private beat(): void {
    const now = performance.now()
    // Where this process has slept, what the others said meanwhile is yet to be read.
    const slept = now - this.lookedAt - this.host.memberTimeout / 4
    this.lookedAt = now
    this.tell({ kind: 'alive', from: this.host.process, version: this.version })
    for (const [name, other] of this.others) {
      if (slept > this.host.memberTimeout / 4) other.heardAt += slept
      if (now - other.heardAt > this.host.memberTimeout * 0.7) this.forget(name, other)
    }
  }

  private forget(name: string, { topics }: Process): void {
    this.others.delete(name)
    for (const topic of topics.keys()) this.note(topic)
  }

  // What is gathered meanwhile is part of it, and told once more: what comes twice does no harm.
  private tellWhole(): void {
    const { process: from } = this.host
    const { version } = this
    let part: Change[] = []
    let size = 0
    let isFirst = true
    for (const [topic, { count, present }] of this.own) {
      const come = [...present]
      for (let at = 0; at === 0 || at < come.length; at += PART) {
        part.push([topic, count, come.slice(at, at + PART), []])
        size += 1 + Math.min(PART, come.length - at)
        if (size < PART) continue
        this.tell({ kind: 'whole', from, version, isFirst, isLast: false, changes: part })
        part = []
        size = 0
        isFirst = false
      }
    }
    this.tell({ kind: 'whole', from, version, isFirst, isLast: true, changes: part })
  }

  /** What a process has told all. */
  told(text: string): void {
    const told = readTold(text)
    if (told === undefined) return this.host.malformed()
    if (told.from === this.host.process) return
    if (told.kind === 'bye') this.farewell(told.from)
    else if (told.kind === 'ask') this.answer(told)
    else this.learn(told)
  }

  private farewell(from: string): void {
    const other = this.others.get(from)
    if (other !== undefined) this.forget(from, other)
  }

  // Many may ask at once; all hear the answer.
  private answer({ of }: Told): void {
    if ((of !== undefined && of !== this.host.process) || this.isAsked) return
    this.isAsked = true
    setTimeout(() => {
      this.isAsked = false
      this.tellWhole()
    }, GATHER_MS)
  }

  private learn({ kind, from, version = 0, isFirst, isLast, changes = [] }: Told): void {
    const known = this.others.get(from)
    if (known === undefined && this.others.size >= MAX_PROCESSES) return
    const other = known ?? { version: -1, heardAt: 0, topics: new Map(), size: 0, incoming: undefined }
    other.heardAt = performance.now()
    if (kind === 'whole') {
      this.others.set(from, other)
      if (isFirst) {
        other.size = sizeOf(other.topics)
        other.incoming = version === other.version ? undefined : new Map()
      }
      if (other.incoming === undefined) return
      other.size += apply(other.incoming, changes)
      if (other.size > MAX_HELD) return this.disbelieve(from, other)
      if (isLast) this.replace(other, version)
    } else if (kind === 'change' && version === other.version + 1) {
      other.version = version
      other.size += apply(other.topics, changes)
      if (other.size > MAX_HELD) return this.disbelieve(from, other)
      for (const [topic] of changes) this.note(topic)
    } else if (version > other.version) {
      this.tell({ kind: 'ask', from: this.host.process, of: from })
    }
  }

  private disbelieve(from: string, other: Process): void {
    this.host.malformed()
    this.forget(from, other)
  }

  private replace(other: Process, version: number): void {
    const before = other.topics
    other.topics = other.incoming!
    other.incoming = undefined
    other.version = version
    other.size = sizeOf(other.topics)
    for (const topic of new Set([...before.keys(), ...other.topics.keys()])) this.note(topic)
  }

  /** Says farewell. */
  close(): void {
    this.tell({ kind: 'bye', from: this.host.process })
    clearTimeout(this.gathering)
    clearInterval(this.beating)
    this.own.clear()
    this.others.clear()
  }
}

function attendanceOf(topics: Map<string, Attendance>, topic: string): Attendance {
  let attendance = topics.get(topic)
  if (attendance === undefined) topics.set(topic, (attendance = { count: 0, present: new Map() }))
  return attendance
}

function sizeOf(topics: Map<string, Attendance>): number {
  let size = topics.size
  for (const { present } of topics.values()) size += present.size
  return size
}

/** @returns by how much there is more to hold */
function apply(topics: Map<string, Attendance>, changes: readonly Change[]): number {
  let more = 0
  for (const [topic, count, come, gone] of changes) {
    more -= topics.has(topic) ? 1 + topics.get(topic)!.present.size : 0
    const attendance = attendanceOf(topics, topic)
    attendance.count = count
    for (const id of gone) attendance.present.delete(id)
    for (const [id, presence] of come) attendance.present.set(id, presence)
    if (count === 0) topics.delete(topic)
    else more += 1 + attendance.present.size
  }
  return more
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

// It came from elsewhere: nothing is taken for granted.
function readTold(text: string): Told | undefined {
  try {
    const told = JSON.parse(text) as Told
    const { kind, from, version, changes } = told
    if (!['change', 'whole', 'alive', 'ask', 'bye'].includes(kind) || !isProcess(from)) return undefined
    const isNumbered = kind === 'ask' || kind === 'bye' || isCount(version)
    return isNumbered && (changes ?? []).every(isChange) ? told : undefined
  } catch {
    return undefined
  }
}

function isChange([topic, count, come, gone]: Change): boolean {
  if (typeof topic !== 'string' || topic.length > MAX_TOPIC_NAME || !isCount(count)) return false
  return come.every(([id, presence]) => isCount(id) && isPresence(presence)) && gone.every(isCount)
}
