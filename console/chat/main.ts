import {
  browserClock,
  claimDevice,
  localStore,
  newId,
  openWebSocket,
  postVisitorTo,
  tabStore,
  wakeWithPage,
} from '../client/browser.js';
import { SafeStorage } from '../client/safe-storage.js';
import { SiteTokens, VisitorTokens } from '../client/tokens.js';
import { ChatPage } from './chat-page.js';
import { readableOn } from './colour.js';
import { byId } from './dom.js';
import { Embed } from './embed.js';
import { readPageOptions } from './page-options.js';
import type { PageOptions } from './page-options.js';
import { localeFor, textsFor } from './texts.js';
import type { Texts } from './texts.js';

const options = readPageOptions(location.search);
const texts = textsFor(navigator.languages);
dress(options, texts);

const storage = new SafeStorage(localStore);
const embed = options.embedded && parent !== window ? embedIn(parent) : null;
const epochMs = (): number => browserClock.epochMs();
const tokens =
  embed !== null && options.siteTokens
    ? new SiteTokens((need) => embed.askToken(need))
    : new VisitorTokens(postVisitorTo(besidePage('chat/visitor')), storage, epochMs);

const page = claimDevice(new SafeStorage(tabStore)).then((device) => {
  const chat = new ChatPage(
    { url: besidePage('ws').replace(/^http/, 'ws'), device, tree: options.tree },
    {
      clock: browserClock,
      random: () => Math.random(),
      newId,
      newDevice: newId,
      storage,
      openSocket: openWebSocket,
      tokens,
      texts,
      locale: localeFor(texts, navigator.languages),
      embed,
    },
  );
  wakeWithPage(chat.client);
  addEventListener('pagehide', () => chat.client.flush());
  chat.client.start();
  return chat;
});

function embedIn(host: Window): Embed {
  const allowed = document.querySelector<HTMLMetaElement>('meta[name="parley-origins"]')?.content ?? '';
  const origins = [location.origin, ...allowed.split(' ')];
  return new Embed(host, origins, {
    onShown: (open) => void page.then((chat) => chat.setShown(open)),
  });
}

/** An address beside this page's own, so that a proxy may serve all of it under a path. */
function besidePage(path: string): string {
  return new URL(path, location.origin + location.pathname).href;
}

function dress({ colour, embedded, title }: PageOptions, { language, title: usual }: Texts): void {
  document.documentElement.lang = language;
  document.title = title ?? usual;
  byId('title', HTMLElement).textContent = title ?? usual;
  document.body.classList.toggle('embedded', embedded);
  if (colour === null) return;
  document.documentElement.style.setProperty('--accent', colour);
  document.documentElement.style.setProperty('--on-accent', readableOn(colour));
}
