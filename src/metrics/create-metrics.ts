// What a server counts, for Prometheus and OpenTelemetry.
export function createMetrics(): void {}
