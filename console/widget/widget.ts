/**
 * `<script src="https://HOST/chat/widget.js" async></script>`: a button on another site that opens the chat in a frame.
 *
 * A classic script of its own without imports or exports, so that one tag is enough. The frame is of Parley's origin:
 * the site's page cannot read it. What the two say to each other is in chat/embed-protocol.ts.
 */
(() => {
  type FromFrame = import('../chat/embed-protocol.js').FromFrame;
  type ToFrame = import('../chat/embed-protocol.js').ToFrame;
  type TokenFunction = (need: string) => unknown;

  const texts = navigator.language.startsWith('zh')
    ? { open: '打开聊天', close: '关闭聊天', unread: '未读消息' }
    : { open: 'Open chat', close: 'Close chat', unread: 'unread messages' };

  const css = `
    :host { all: initial; }
    button { position: fixed; bottom: 1rem; z-index: 2147483646; display: grid; place-items: center; width: 3.5rem;
      height: 3.5rem; padding: 0; border: 0; border-radius: 50%; background: var(--colour); color: var(--on-colour);
      box-shadow: 0 4px 16px rgb(0 0 0 / 30%); cursor: pointer; }
    button:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #1d4fc4; }
    svg { width: 1.75rem; height: 1.75rem; fill: currentcolor; }
    span { position: absolute; top: -0.25rem; right: -0.25rem; min-width: 1.4rem; padding: 0 0.3rem; border-radius: 1rem;
      background: #b3261e; color: #fff; font: 600 0.85rem/1.4rem system-ui, sans-serif; }
    [hidden] { display: none; }
    .left { left: 1rem; }
    .right { right: 1rem; }
    iframe { position: fixed; bottom: 5.25rem; z-index: 2147483647; width: 24rem; height: min(40rem, 100vh - 6.5rem);
      max-width: calc(100vw - 2rem); border: 0; border-radius: 1rem; box-shadow: 0 8px 40px rgb(0 0 0 / 30%); }
    @media (max-width: 30rem), (max-height: 30rem) {
      iframe.left, iframe.right { inset: 0; width: 100%; height: 100%; max-width: none; border-radius: 0; }
    }`;
  const icon = 'M5 3h14a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3h-7l-5 4v-4H5a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z';

  class Widget {
    readonly #origin: string;
    readonly #address: string;
    readonly #side: 'left' | 'right';
    readonly #title: string;
    readonly #token: string | null;
    readonly #root: ShadowRoot;
    readonly #button: HTMLButtonElement;
    readonly #badge: HTMLSpanElement;
    #frame: HTMLIFrameElement | null = null;
    #open = false;

    constructor(script: HTMLScriptElement) {
      const { colour, position, title, token, tree } = script.dataset;
      const page = new URL('../chat?embed=1', script.src);
      for (const [name, value] of Object.entries({ title, tree, colour }))
        if (value !== undefined) page.searchParams.set(name, value);
      if (token !== undefined) page.searchParams.set('token', '1');
      this.#origin = page.origin;
      this.#address = page.href;
      this.#side = position === 'left' ? 'left' : 'right';
      this.#title = title ?? texts.open;
      this.#token = token ?? null;
      const host = document.createElement('parley-chat');
      this.#root = host.attachShadow({ mode: 'open' });
      this.#root.adoptedStyleSheets = [this.#sheet(colour)];
      this.#badge = document.createElement('span');
      this.#badge.hidden = true;
      this.#button = this.#makeButton();
      this.#root.append(this.#button);
      document.body.append(host);
      addEventListener('message', (event: MessageEvent<unknown>) => this.#onMessage(event));
    }

    #sheet(colour: string | undefined): CSSStyleSheet {
      const sheet = new CSSStyleSheet();
      const known = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(colour ?? '') ? (colour ?? '') : '#2357d8';
      sheet.replaceSync(`${css} :host { --colour: ${known}; --on-colour: ${readableOn(known)}; }`);
      return sheet;
    }

    #makeButton(): HTMLButtonElement {
      const button = document.createElement('button');
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      svg.setAttribute('viewBox', '0 0 24 24');
      svg.setAttribute('aria-hidden', 'true');
      path.setAttribute('d', icon);
      svg.append(path);
      button.type = 'button';
      button.className = this.#side;
      button.setAttribute('aria-expanded', 'false');
      button.setAttribute('aria-label', texts.open);
      button.append(svg, this.#badge);
      button.addEventListener('click', () => this.#show(!this.#open));
      return button;
    }

    #show(open: boolean): void {
      this.#open = open;
      this.#button.setAttribute('aria-expanded', String(open));
      this.#button.setAttribute('aria-label', open ? texts.close : texts.open);
      if (this.#frame === null) this.#makeFrame();
      else {
        this.#frame.hidden = !open;
        this.#say({ parley: 'shown', open });
      }
      if (open) this.#frame?.focus();
      else this.#button.focus();
    }

    /** Made when it is first wanted, so that the site's own page does not wait for it. */
    #makeFrame(): void {
      const frame = document.createElement('iframe');
      frame.title = this.#title;
      frame.className = this.#side;
      frame.src = this.#address;
      frame.addEventListener('load', () => {
        this.#say({ parley: 'shown', open: this.#open });
        if (this.#open) frame.focus();
      });
      this.#root.append(frame);
      this.#frame = frame;
    }

    #say(message: ToFrame): void {
      this.#frame?.contentWindow?.postMessage(message, this.#origin);
    }

    #onMessage({ data, origin, source }: MessageEvent<unknown>): void {
      if (origin !== this.#origin || source === null || source !== this.#frame?.contentWindow) return;
      const message = data as FromFrame;
      if (message.parley === 'close') this.#show(false);
      else if (message.parley === 'unread') this.#setUnread(message.count);
      else if (message.parley === 'token') void this.#giveToken(message.id, message.need);
    }

    #setUnread(count: number): void {
      this.#badge.hidden = count === 0;
      this.#badge.textContent = String(count);
      const label = this.#open ? texts.close : texts.open;
      this.#button.setAttribute('aria-label', count === 0 ? label : `${label}, ${count} ${texts.unread}`);
    }

    /** The site's function may return a promise; whatever it does wrong is told on the console of its own page. */
    async #giveToken(id: number, need: string): Promise<void> {
      let token: unknown = null;
      try {
        const give = Reflect.get(window, this.#token ?? '') as TokenFunction | undefined;
        if (typeof give !== 'function') throw new Error(`there is no function window.${this.#token ?? ''}`);
        token = await give(need);
      } catch (error) {
        console.error('Parley chat: the token function failed.', error);
      }
      this.#say({ parley: 'token', id, token: typeof token === 'string' ? token : null });
    }
  }

  function readableOn(colour: string): string {
    const digits =
      colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join('') : colour.slice(1);
    const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
      const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
      return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
  }

  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement) || document.querySelector('parley-chat') !== null) return;
  if (document.body) new Widget(script);
  else addEventListener('DOMContentLoaded', () => new Widget(script));
})();
