// A Ring handler that runs a module's on worker threads.
export function threaded(): void {}
