// The exports of the runtime for programs whose memory is shared.
export * from './index';
export { __wasan_may_wait, __wasan_thread, thread_attach, thread_filled } from './thread';
