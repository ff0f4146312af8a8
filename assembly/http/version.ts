// HTTP-version (RFC 9112 §2.3), as little-endian text that one load is compared with.

export const HTTP_1_0: u64 = 0x302e312f50545448
export const HTTP_1_1: u64 = 0x312e312f50545448
