// What runs in a worker thread.
export default function thread(): void {}
