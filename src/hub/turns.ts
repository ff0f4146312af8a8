// One message is delivered at a time, of all topics: what is published by somebody who is being sent another waits until all have
// got that one. So all see one order, and no cursor says that a message was seen that is still to be sent.
export class Turns {
  isBusy = false
  private readonly tasks: (() => unknown)[] = []

  run<Result>(task: () => Result): Result {
    this.isBusy = true
    try {
      return task()
    } finally {
      this.runRest()
    }
  }

  private runRest(): void {
    try {
      for (let next = this.tasks.shift(); next !== undefined; next = this.tasks.shift()) next()
    } finally {
      this.isBusy = false
    }
  }

  later(task: () => unknown): void {
    if (this.isBusy) this.tasks.push(task)
    else this.run(task)
  }
}
