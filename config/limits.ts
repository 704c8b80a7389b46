/**
 * Every bound on what the network, a file or a vendor may make us hold, in one table of four leaves.
 *
 * Each section belongs to the code named in its comment; ARCHITECTURE.md names the ones that operators meet.
 */
export * from './limits/chat.js';
export * from './limits/dialog.js';
export * from './limits/operation.js';
export * from './limits/telephony.js';
