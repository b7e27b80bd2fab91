// A card of the wall plays its video, muted, while the pointer rests on it or the focus is in it. Nothing moves aside: the
// video lies exactly over the still picture. Its address is asked of Python when it is wanted, and not before.

const CARD = '[class*="st-key-ag_poster_"]';
const WAIT_MS = 200; // a pointer that only passes plays nothing

const made = new WeakMap();
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

class HoverPlay {
  constructor() {
    /** @type {Record<string, string>} */
    this.urls = {};
    /** @type {HTMLElement | null} */
    this.card = null;
    this.timer = 0;
    /** @type {HTMLVideoElement | null} */
    this.video = null;
    this.stop = new AbortController();
    /** @type {(name: string, value: string) => void} */
    this.trigger = () => {};
    const on = (type, does) => document.addEventListener(type, does, { signal: this.stop.signal });
    on("pointerover", (event) => event.pointerType !== "touch" && this.enter(event));
    on("focusin", (event) => this.enter(event));
    on("pointerout", (event) => this.leave(event));
    on("focusout", (event) => this.leave(event));
  }

  update({ data, setTriggerValue }) {
    this.urls = data.urls;
    this.trigger = setTriggerValue;
    if (this.card && !this.timer && !this.video) this.play(this.card);
  }

  enter(event) {
    const card = event.target instanceof Element ? event.target.closest(CARD) : null;
    if (!card || card === this.card || calm.matches) return;
    this.clear();
    this.card = card;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      const id = videoOf(card);
      if (this.urls[id]) this.play(card);
      else this.trigger("wanted", id);
    }, WAIT_MS);
  }

  leave(event) {
    const into = event.relatedTarget instanceof Element ? event.relatedTarget.closest(CARD) : null;
    if (this.card && into !== this.card) this.clear();
  }

  /** @param {HTMLElement} card */
  play(card) {
    const url = this.urls[videoOf(card)];
    const still = card.querySelector("img");
    if (!url || !still) return;
    const [of, on] = [still.getBoundingClientRect(), card.getBoundingClientRect()];
    const video = document.createElement("video");
    Object.assign(video, { muted: true, loop: true, playsInline: true, tabIndex: -1, src: url, className: "ag-hover-video" });
    video.setAttribute("aria-hidden", "true");
    Object.assign(video.style, { left: `${of.left - on.left}px`, top: `${of.top - on.top}px`, width: `${of.width}px`, height: `${of.height}px`, objectFit: getComputedStyle(still).objectFit });
    video.addEventListener("playing", () => video.classList.add("plays"), { once: true });
    card.appendChild(video);
    this.video = video;
    video.play().catch(() => {}); // a browser that plays nothing keeps the still picture
  }

  clear() {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.card = null;
    if (!this.video) return;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.remove();
    this.video = null;
  }

  destroy() {
    this.stop.abort();
    this.clear();
  }
}

/** @param {Element} card */
function videoOf(card) {
  const key = [...card.classList].find((name) => name.startsWith("st-key-ag_poster_")) || "";
  return key.replace(/^st-key-ag_poster_(tall_)?/, "");
}

// Streamlit calls this at the mount and whenever data change, always with the same parentElement.
export default function (call) {
  const root = call.parentElement;
  const hover = made.get(root) || new HoverPlay();
  made.set(root, hover);
  const latest = (hover.latest = {});
  hover.update(call);
  return () => {
    window.setTimeout(() => {
      if (hover.latest !== latest) return;
      hover.destroy();
      made.delete(root);
    }, 0);
  };
}
