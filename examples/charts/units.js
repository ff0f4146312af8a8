// How a chart writes a value, and in which steps its axis may go.

const upTo = (count, step) => Array.from({ length: count }, (_, n) => step(n))

// 1 2 5 10 20 50 …
const round = upTo(21, (n) => [1, 2, 5][n % 3] * 10 ** Math.floor(n / 3))

export const whole = { format: (value) => Math.round(value).toLocaleString('en'), steps: round }

export const milliseconds = {
  format: (value) => `${value === 0 || value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} ms`,
  steps: [0.001, 0.01, 0.1].flatMap((power) => [power, 2 * power, 5 * power]).concat(round),
}

/** Powers of 1024, and their names. */
export const bytes = {
  format: (value) => {
    const power = Math.min(4, Math.floor(Math.log2(Math.max(1, value)) / 10))
    const scaled = value / 1024 ** power
    const digits = power > 0 && scaled < 100 && !Number.isInteger(scaled) ? 1 : 0
    return `${scaled.toFixed(digits)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
  },
  steps: upTo(45, (n) => 2 ** n),
}
