import type { ClosedReason } from '../client/chat-state.js';
import type { EntryFailure } from '../client/outbox.js';
import type { SessionEvent } from '../../gateway/websocket/protocol.js';

/** Every text of the page in one language; `{n}` and `{name}` are put in by `fill`. */
export interface Texts {
  readonly language: string;
  readonly title: string;
  readonly you: string;
  readonly bot: string;
  readonly agent: string;
  readonly system: string;
  readonly conversation: string;
  readonly message: string;
  readonly placeholder: string;
  readonly send: string;
  readonly suggestions: string;
  readonly earlier: string;
  readonly newMessages: string;
  readonly toNewest: string;
  readonly today: string;
  readonly yesterday: string;
  readonly typing: string;
  readonly online: string;
  readonly connecting: string;
  readonly reconnecting: string;
  readonly offline: string;
  readonly sending: string;
  readonly sent: string;
  readonly delivered: string;
  readonly read: string;
  readonly retry: string;
  readonly discard: string;
  readonly notKept: string;
  readonly charactersLeft: string;
  readonly outboxFull: string;
  readonly end: string;
  readonly endQuestion: string;
  readonly endConfirm: string;
  readonly cancel: string;
  readonly ended: string;
  readonly startNew: string;
  readonly closeChat: string;
  readonly openLink: string;
  readonly human: string;
  readonly failures: Readonly<Record<EntryFailure, string>>;
  readonly closed: Readonly<Record<ClosedReason, { readonly text: string; readonly button: string }>>;
  readonly events: Readonly<Record<SessionEvent, string>>;
}

const english: Texts = {
  language: 'en',
  title: 'Chat',
  you: 'You',
  bot: 'Assistant',
  agent: 'Agent',
  system: 'Notice',
  conversation: 'Conversation',
  message: 'Your message',
  placeholder: 'Write a message',
  send: 'Send',
  suggestions: 'Suggested answers',
  earlier: 'Show earlier messages',
  newMessages: 'New messages: {n}',
  toNewest: 'Go to the newest message',
  today: 'Today',
  yesterday: 'Yesterday',
  typing: '{name} is typing',
  online: 'Online',
  connecting: 'Connecting…',
  reconnecting: 'The connection is lost. Connecting again…',
  offline: 'You are offline. Messages are sent when the network is back.',
  sending: 'Waiting to be sent',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
  retry: 'Try again',
  discard: 'Delete',
  notKept: 'This browser does not let us keep unsent messages: do not close this page yet.',
  charactersLeft: '{n} characters left',
  outboxFull: 'Too many messages are waiting. Send this one when the others are gone.',
  end: 'End conversation',
  endQuestion: 'End this conversation?',
  endConfirm: 'End it',
  cancel: 'Cancel',
  ended: 'This conversation has ended.',
  startNew: 'Start a new conversation',
  closeChat: 'Close chat',
  openLink: 'Open',
  human: 'You are talking to a person',
  failures: {
    'too-long': 'Not sent: too long.',
    ended: 'Not sent: the conversation had ended.',
    full: 'Not sent: this conversation is full.',
    refused: 'Not sent: it was refused.',
    'other-session': 'Perhaps not sent: the conversation ended meanwhile.',
  },
  closed: {
    stopped: { text: 'The chat is closed.', button: 'Connect' },
    unauthorized: { text: 'You are not signed in any more.', button: 'Try again' },
    forbidden: { text: 'You may not use this chat.', button: 'Try again' },
    'taken-over': { text: 'The chat goes on in another window.', button: 'Go on here' },
    'unknown-session': {
      text: 'This conversation is not there any more.',
      button: 'Start a new conversation',
    },
    'old-version': { text: 'This page is out of date.', button: 'Load it again' },
    refused: { text: 'The server has closed the connection.', button: 'Connect again' },
  },
  events: {
    ended: 'The conversation has ended.',
    handover: 'A person takes over.',
    failed: 'This message could not be answered. Please write it in other words.',
    'handover-failed': 'Nobody is free at the moment.',
    'handed-back': 'The assistant is back.',
    transfer: 'You are being transferred.',
  },
};

const chinese: Texts = {
  language: 'zh-CN',
  title: '在线客服',
  you: '我',
  bot: '智能助手',
  agent: '人工客服',
  system: '通知',
  conversation: '对话',
  message: '您的消息',
  placeholder: '请输入消息',
  send: '发送',
  suggestions: '建议回答',
  earlier: '查看更早的消息',
  newMessages: '{n} 条新消息',
  toNewest: '回到最新消息',
  today: '今天',
  yesterday: '昨天',
  typing: '{name}正在输入',
  online: '在线',
  connecting: '正在连接…',
  reconnecting: '连接已断开，正在重新连接…',
  offline: '网络已断开，恢复后会自动发送消息。',
  sending: '等待发送',
  sent: '已发送',
  delivered: '已送达',
  read: '已读',
  retry: '重试',
  discard: '删除',
  notKept: '此浏览器无法保存未发送的消息，请先不要关闭页面。',
  charactersLeft: '还可输入 {n} 个字',
  outboxFull: '等待发送的消息太多，请稍后再发。',
  end: '结束对话',
  endQuestion: '要结束这次对话吗？',
  endConfirm: '结束',
  cancel: '取消',
  ended: '对话已结束。',
  startNew: '开始新对话',
  closeChat: '关闭聊天',
  openLink: '打开',
  human: '人工客服为您服务',
  failures: {
    'too-long': '未发送：内容太长。',
    ended: '未发送：对话已结束。',
    full: '未发送：对话消息已满。',
    refused: '未发送：被拒绝。',
    'other-session': '可能未发送：对话已在此期间结束。',
  },
  closed: {
    stopped: { text: '聊天已关闭。', button: '连接' },
    unauthorized: { text: '您的登录已失效。', button: '重试' },
    forbidden: { text: '您没有使用此聊天的权限。', button: '重试' },
    'taken-over': { text: '聊天已在另一个窗口继续。', button: '在这里继续' },
    'unknown-session': { text: '此对话已不存在。', button: '开始新对话' },
    'old-version': { text: '页面版本过旧。', button: '重新加载' },
    refused: { text: '服务器已关闭连接。', button: '重新连接' },
  },
  events: {
    ended: '对话已结束。',
    handover: '已转接人工客服。',
    failed: '这条消息无法处理，请换一种说法。',
    'handover-failed': '暂时没有空闲的客服。',
    'handed-back': '智能助手继续为您服务。',
    transfer: '正在为您转接。',
  },
};

/** The first language that there are texts for; English otherwise. `languages` as in navigator.languages. */
export function textsFor(languages: readonly string[]): Texts {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return chinese;
    if (/^en\b/i.test(language)) return english;
  }
  return english;
}

/** How numbers and times are written: the person's own region where it speaks the language of the texts. */
export function localeFor({ language }: Texts, languages: readonly string[]): string {
  const base = language.slice(0, 2);
  return languages.find((one) => one.toLowerCase().startsWith(base)) ?? language;
}

export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
