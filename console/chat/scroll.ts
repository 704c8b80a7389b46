/** This near to the end counts as there. */
const nearPx = 60;
/** This near to the top asks for older messages. */
const topPx = 240;

export interface ScrollListener {
  onTop(): void;
  /** The person has come to the end or left it. */
  onEnd(atEnd: boolean): void;
}

/** Keeps the newest message in sight while the person is at the end, and their place when they are not. */
export class Scroll {
  readonly #box: HTMLElement;
  readonly #listener: ScrollListener;
  #atEnd = true;

  constructor(box: HTMLElement, listener: ScrollListener) {
    this.#box = box;
    this.#listener = listener;
    box.addEventListener('scroll', () => this.#look(), { passive: true });
    new ResizeObserver(() => this.follow()).observe(box);
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** After rows were added at the end. */
  follow(): void {
    if (this.#atEnd) this.toEnd();
  }

  toEnd(): void {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#set(true);
  }

  /** Runs `change`, which adds rows in front, and keeps what is seen where it is. */
  keepPlace(change: () => void): void {
    const fromEnd = this.#box.scrollHeight - this.#box.scrollTop;
    change();
    this.#box.scrollTop = this.#box.scrollHeight - fromEnd;
  }

  #look(): void {
    const { clientHeight, scrollHeight, scrollTop } = this.#box;
    this.#set(scrollHeight - scrollTop - clientHeight < nearPx);
    if (scrollTop < topPx && scrollHeight > clientHeight) this.#listener.onTop();
  }

  #set(atEnd: boolean): void {
    if (this.#atEnd === atEnd) return;
    this.#atEnd = atEnd;
    this.#listener.onEnd(atEnd);
  }
}
