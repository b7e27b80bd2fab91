// The file behind the video: opened, asked for again where it fails, and left where it does not play.

const MAX_RETRIES = 4;
const RETRY_MS = 250;

class VideoFile {
  /**
   * @param {Record<string, any>} parts the elements of the player by their data-part
   * @param {Clock} clock
   * @param {() => Payload | null} data
   */
  constructor(parts, clock, data) {
    this.parts = parts;
    this.clock = clock;
    this.data = data;
    this.retries = 0;
    /** What is odd about it, in a few words. */
    this.notice = "";
    this.dead = false;
  }

  /**
   * @param {Payload} data
   * @param {FrameTimes} times
   */
  open(data, times) {
    this.say("");
    this.retries = 0;
    this.notice = this.clock.callbacks ? "" : "this browser has no frame callback: boxes may lag by a frame";
    if (!data.src) this.notice = "no video file";
    const { stage } = this.parts;
    stage.style.setProperty("--ratio", String(data.width / data.height));
    this.clock.open({ src: data.src, times, loop: Boolean(data.autoplay), start: times.at(data.t0) });
  }

  // The annotations go on without a video that cannot be played. But when a run of the script is cut short by the next, the
  // server has not got the file until that one shows it again: so the player asks a few times more before it gives up.
  async failed() {
    const src = this.data()?.src;
    if (!src || !this.parts.video.getAttribute("src")) return;
    if (this.retries < MAX_RETRIES) {
      window.setTimeout(() => this.retry(src), RETRY_MS * 2 ** this.retries);
      this.retries += 1;
      return;
    }
    const reason = await reasonOfFailure(src);
    if (this.dead || this.data()?.src !== src) return;
    this.notice = "annotations only";
    this.say(`The video cannot be shown: ${reason}.`);
    this.clock.leaveVideo();
  }

  /** @param {string} src */
  retry(src) {
    const data = this.data();
    if (this.dead || !data || data.src !== src) return;
    const { clock } = this;
    const plays = !clock.paused;
    clock.open({ src, times: clock.times, loop: Boolean(data.autoplay), start: clock.wanted ?? clock.frame });
    if (plays) clock.play();
  }

  /** @param {string} message */
  say(message) {
    this.parts.message.textContent = message;
    this.parts.message.hidden = !message;
  }
}
