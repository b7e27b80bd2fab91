// Boxes over the picture under the pointer and by key: which one it is, what it says of itself, and how it is selected.

class Pointing {
  /**
   * @param {HTMLElement} stage
   * @param {AbortSignal} signal ends it
   * @param {{data: () => Payload | null, hits: () => Hit[], on: () => boolean, editing: () => boolean, linking: () => Linking,
   *   describe: (hit: Hit) => string, toggle: () => void}} heard
   *   on: whether boxes are shown; editing: whether a press takes hold of a box; toggle: a press beside all boxes
   */
  constructor(stage, signal, heard) {
    this.stage = stage;
    this.heard = heard;
    stage.addEventListener("click", (event) => this.clicked(event), { signal });
    stage.addEventListener("pointermove", (event) => this.pointed(this.boxUnder(event)), { signal });
    stage.addEventListener("pointerleave", () => this.pointed(null), { signal });
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const data = this.heard.data();
    if (!data || this.heard.editing()) return; // a box was taken hold of
    const track = this.boxUnder(event);
    if (track) this.heard.linking().select(objectSelection(data, track));
    else this.heard.toggle();
  }

  // What a box is, the browser says where the pointer rests on it.
  /** @param {number | null} track */
  pointed(track) {
    this.heard.linking().hover(track || null);
    const hit = track === null ? undefined : this.heard.hits().find((one) => one.track === track);
    const title = hit ? this.heard.describe(hit) : "";
    if (this.stage.title !== title) this.stage.title = title;
  }

  // The next object with a box on screen, or the one before; then none.
  /** @param {number} step */
  selectNext(step) {
    const data = this.heard.data();
    if (!data) return;
    const tracks = [...new Set(this.heard.hits().map((hit) => hit.track))].filter((track) => track > 0).sort((one, other) => one - other);
    const linking = this.heard.linking();
    const at = tracks.indexOf(linking.selection?.track ?? -1);
    const next = at < 0 ? (step > 0 ? 0 : tracks.length - 1) : at + step;
    linking.select(next in tracks ? objectSelection(data, tracks[next]) : null);
  }

  /**
   * @param {MouseEvent} event
   * @returns {number | null}
   */
  boxUnder(event) {
    if (!this.heard.on()) return null;
    const { left, top } = this.stage.getBoundingClientRect();
    return smallestAt(this.heard.hits(), event.clientX - left, event.clientY - top);
  }
}
