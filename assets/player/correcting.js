// Correcting the frame on screen: which one Python has ready, whose boxes can be moved there, and what Python is told.

class Correcting {
  /**
   * @param {Record<string, any>} parts the elements of the player by their data-part
   * @param {{data: () => Payload, clock: Clock, overlay: Overlay, chosen: () => Source, mode: () => string, redraw: () => void,
   *   trigger: (name: string, value: any) => void}} heard
   */
  constructor(parts, heard) {
    this.parts = parts;
    this.heard = heard;
    /** What is being corrected, as Python says. @type {any} */
    this.now = null;
    const { data, trigger } = heard;
    this.editor = new BoxEditor(parts.stage, {
      hits: () => heard.overlay.hits,
      boxes: () => this.listBoxes(),
      size: () => [data().width, data().height],
      redraw: heard.redraw,
      picked: (track, picks) => trigger("picked", { ...trackName(data(), track), picks }),
      moved: (track, box) => trigger("boxed", { frame: this.now.frame, ...trackName(data(), track), box: [box.x1, box.y1, box.x2, box.y2].map((side) => Math.round(side * 10) / 10) }),
    });
  }

  // Boxes can be moved where the frame on screen is the one that Python has ready.
  edit() {
    const { now } = this;
    const { clock } = this.heard;
    const data = this.heard.data();
    const ready = Boolean(now && clock.paused && this.heard.chosen().name === now.source && clock.frame + 1 === now.frame);
    const picked = ready && now.picked ? data.tracks.findIndex((_track, number) => sameTrack(trackName(data, number), now.picked)) : -1;
    this.editor.set(ready, picked < 0 ? null : picked, now ? now.picks : 0);
    this.parts.player.toggleAttribute("data-correcting", ready);
  }

  // Another frame is not ready.
  follow() {
    if (this.editor.on && this.heard.clock.frame + 1 !== this.now.frame) this.edit();
  }

  // What is done to the whole frame with Ctrl: true where it was something.
  /**
   * @param {string} key
   * @param {boolean} shift
   */
  command(key, shift) {
    if (!this.now || (key !== "z" && key !== "enter")) return false;
    this.editor.flush();
    if (key === "z") this.heard.trigger("stepped", shift ? 1 : -1);
    else if (this.editor.on) this.heard.trigger("confirmed", this.now.frame);
    return true;
  }

  // The boxes of the frame on screen in pixels of the video, as they are being made.
  listBoxes() {
    const source = this.heard.chosen();
    const { frame } = this.heard.clock;
    const shown = source.shownAt(frame, this.heard.mode());
    return this.editor.apply(source.boxesAt(shown.index, frame, this.heard.mode()));
  }
}
