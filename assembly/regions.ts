// The large regions of linear memory that the core shares with its host.
//
// The inbox: sockets read into its window. What an earlier read left unfinished is laid in the gap, so that it ends
// where the window begins and old and new bytes are one run. The slack takes the sentinel (http/head.ts) and the
// vectors that read past the end.
//
//  INBOX                      INBOX + GAP_SIZE               + WINDOW_SIZE
//  ├──────── gap ─── ▒▒▒▒tail▒▒▒▒│▒▒▒▒▒▒ new bytes ▒▒▒▒▒▒ ────────┼─ slack ─┤
//
// The desk is the same in small, for codec calls that come from no socket: a handler may make one while the inbox
// still holds requests that wait. On a tray lie frames that are to be sent, until the
// system has taken them.
//
// The core's own code speaks of none of them: index.ts alone names this file, late, so that the records come to lie at
// small addresses, which take fewer bytes in code.

export const GAP_SIZE: i32 = 256 * 1024
export const WINDOW_SIZE: i32 = 256 * 1024
export const SLACK_SIZE: i32 = 64
export const DESK_SIZE: i32 = 320 * 1024
export const TRAY_SIZE: i32 = 64 * 1024
export const TRAY_COUNT: i32 = 8

export const INBOX: usize = memory.data(GAP_SIZE + WINDOW_SIZE + SLACK_SIZE, 64)
export const DESK: usize = memory.data(DESK_SIZE + SLACK_SIZE, 64)
export const TRAYS: usize = memory.data(TRAY_SIZE * TRAY_COUNT + SLACK_SIZE, 64)
