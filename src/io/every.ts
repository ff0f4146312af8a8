/** Runs the task every `ms` milliseconds; the process does not live on for it. */
export function every(ms: number, task: () => void): ReturnType<typeof setInterval> {
  const timer = setInterval(task, ms)
  ;(timer as { unref?(): void }).unref?.()
  return timer
}
