// The fuzzer: starts from a corpus, changes what it has, keeps what shows something new, and stops at the first input for
// which a property does not hold. What it does follows from the seed alone; how far it gets, from the time.
import { cover } from './cover.js'
import { begin, eachFeature, Seen } from './coverage.js'
import { Examiner, propertyOf } from './examine.js'
import { minimise } from './minimise.js'
import { Mutator } from './mutate.js'
import { Queue } from './queue.js'
import { Random } from './random.js'
import { wayOf } from './way.js'

/** Executions between two looks at the clock. */
const BETWEEN = 64
/** One input in so many is made from one that the fuzzer began with. */
const GIVEN_SHARE = 6

export class Fuzzer {
  /**
   * @param corpus the inputs to begin with
   * @param seeds others, which need not show anything new
   * @param onInput is called with each input before it is examined
   */
  constructor(target, { seed, corpus, seeds = [], onInput = () => {} }) {
    this.target = target
    this.corpus = corpus
    this.seeds = seeds
    this.given = [...corpus, ...seeds]
    this.onInput = onInput
    this.random = new Random(seed)
    this.mutator = new Mutator(target.dictionary, target.maxLength, this.random)
    this.queue = new Queue()
    this.seen = new Seen()
    this.examiner = new Examiner(target, this.random, (bytes) => this.keepWhatIsNew(bytes))
    this.executions = 0
    /** When edges were reached: `[seconds, executions, edges]` each time there were more. */
    this.growth = []
    this.started = performance.now()
    /** The first input for which a property does not hold: `{ property, message, bytes }`. */
    this.failure = undefined
  }

  get edges() {
    return this.seen.edges
  }

  get seconds() {
    return (performance.now() - this.started) / 1000
  }

  get corpusSize() {
    return this.queue.size
  }

  /** Examines what there is to begin with: the corpus with every cut, and the seeds; peers are asked about each. */
  replay() {
    for (const bytes of this.corpus) if (!this.examine(bytes) || !this.examineAgain(bytes, 'cut')) return
    for (const bytes of this.seeds) if (!this.examine(bytes) || !this.examineAgain(bytes, 'peers')) return
  }

  /**
   * @param isOver asked now and then
   * @param executions at the most
   */
  run(isOver, executions = Number.POSITIVE_INFINITY) {
    while (this.failure === undefined && this.executions < executions && !isOver()) {
      const last = Math.min(this.executions + BETWEEN, executions)
      while (this.executions < last && this.examine(this.next()));
    }
  }

  next() {
    return this.mutator.mutate(this.pick(), this.pick())
  }

  // An input that shows a feature may show it with a fault of its own; those that were given are right, for the most part.
  pick() {
    const { given, queue, random } = this
    const isGiven = given.length > 0 && random.below(GIVEN_SHARE) === 0
    return isGiven ? random.of(given) : queue.pick(random)
  }

  // True where every property holds.
  examine(bytes) {
    this.executions++
    this.onInput(bytes)
    try {
      this.examiner.examine(bytes)
      return true
    } catch (error) {
      this.fail(error, bytes)
      return false
    }
  }

  examineAgain(bytes, property) {
    this.onInput(bytes)
    const error = this.errorOf(bytes, property)
    if (error !== undefined) this.fail(error, bytes)
    return error === undefined
  }

  keepWhatIsNew(bytes) {
    const before = this.edges
    const isNew = this.seen.addRun()
    if (this.edges > before) this.growth.push([this.seconds, this.executions, this.edges])
    // A copy: what was read may lie in a longer one.
    return this.queue.offer(Buffer.from(bytes)) || isNew
  }

  fail(error, bytes) {
    this.failure = {
      property: propertyOf(error),
      message: String(error?.stack ?? error),
      bytes: Buffer.from(bytes),
    }
  }

  /** Makes the failing input as small as it gets. */
  async minimiseFailure() {
    const { property } = this.failure
    const stillFails = (bytes) => {
      this.onInput(bytes)
      const error = this.errorOf(bytes, property)
      return error !== undefined && propertyOf(error) === property
    }
    // What a random cut has shown may be none of the cuts in two.
    if (!stillFails(this.failure.bytes)) return
    this.failure.bytes = await minimise(this.failure.bytes, stillFails)
    this.failure.message = String(this.errorOf(this.failure.bytes, property)?.stack)
  }

  errorOf(bytes, property) {
    try {
      this.examiner.examineFully(bytes, property)
    } catch (error) {
      return error
    }
  }

  /** Few inputs that show all that was reached. */
  essence() {
    return cover([...this.corpus, ...this.queue.all()], (bytes) => this.featuresOf(bytes))
  }

  featuresOf(bytes) {
    const { way, input } = wayOf(this.target, bytes)
    const features = []
    begin(0xffffffff)
    this.target.read([input], way)
    eachFeature((feature) => features.push(feature))
    return features
  }
}
