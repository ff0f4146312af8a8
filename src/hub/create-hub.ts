// Topics over channels of every kind.
export function createHub(): void {}
