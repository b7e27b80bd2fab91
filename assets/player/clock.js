// The clock: which frame is on screen, playing, seeking and stepping; frames count from 0.
// Without a playable video it runs on its own, so that annotations can still be watched.

const SPEEDS = [0.25, 0.5, 1, 1.5, 2];

// When each frame is shown: the one place of the player where frames and seconds meet.
class FrameTimes {
  /**
   * @param {number} fps
   * @param {number} frames
   * @param {Float64Array | null} seconds when each frame is shown, ascending from 0; null where frame k is shown at k / fps
   */
  constructor(fps, frames, seconds) {
    this.fps = fps;
    this.frames = frames;
    this.seconds = seconds;
    this.duration = seconds ? seconds[frames - 1] + 1 / fps : frames / fps;
  }

  /** @param {number} frame */
  of(frame) {
    return this.seconds ? this.seconds[clamp(frame, 0, this.frames - 1)] : frame / this.fps;
  }

  // The frame shown at a time; a little before a frame is that frame's own time, rounded to milliseconds.
  /** @param {number} seconds */
  at(seconds) {
    const frame = this.seconds ? lastAtOrBefore(this.seconds, seconds + 0.0005) : Math.floor(seconds * this.fps + 0.05);
    return clamp(frame, 0, this.frames - 1);
  }

  // The frame with the nearest time: for the time that the browser says of the picture it shows.
  /** @param {number} seconds */
  nearest(seconds) {
    if (!this.seconds) return Math.round(seconds * this.fps);
    const frame = this.at(seconds);
    return frame + 1 < this.frames && this.of(frame + 1) - seconds < seconds - this.of(frame) ? frame + 1 : frame;
  }

  // The middle of a frame's time, so that rounding never lands on its neighbour.
  /** @param {number} frame */
  middle(frame) {
    if (!this.seconds) return (frame + 0.5) / this.fps;
    return (this.of(frame) + (frame + 1 < this.frames ? this.of(frame + 1) : this.duration)) / 2;
  }
}

class Clock {
  /**
   * @param {HTMLVideoElement} video
   * @param {{frame: (frame: number, image?: CanvasImageSource) => void, state: () => void, settled: () => void}} heard
   *   image is the new picture, for whoever wants to look at it
   */
  constructor(video, heard) {
    this.video = video;
    this.picture = new Picture(video);
    this.heard = heard;
    this.callbacks = "requestVideoFrameCallback" in HTMLVideoElement.prototype;
    this.frame = 0;
    this.times = new FrameTimes(24, 1, null);
    this.speed = 1;
    this.virtual = true;
    this.playing = false;
    this.loop = false;
    /** The frames that a loop keeps to; null for all of them. @type {{first: number, last: number} | null} */
    this.part = null;
    this.dead = false;
    this.ownTime = 0;
    this.idle = 0;
    /** The frame that a seek is on its way to. @type {number | undefined} */
    this.wanted = undefined;
    this.stop = new AbortController();
    const options = { signal: this.stop.signal };
    video.addEventListener("play", () => heard.state(), options);
    video.addEventListener("pause", () => heard.state(), options);
    video.addEventListener("seeked", () => this.settle(), options);
    this.watchPicture();
    this.watchTime();
  }

  /**
   * @param {{src: string | null, times: FrameTimes, loop: boolean, start: number}} video
   *   src is null where there is no file; start is the frame to begin with
   */
  open({ src, times, loop, start }) {
    Object.assign(this, { times, loop, virtual: !src, playing: false, wanted: undefined });
    this.frame = clamp(start, 0, this.frames - 1);
    this.picture.clear();
    this.video.loop = loop;
    if (!src) {
      this.video.removeAttribute("src");
      return;
    }
    this.video.src = src;
    this.video.playbackRate = this.speed;
    if (this.frame > 0) this.seek(this.frame);
  }

  get frames() {
    return this.times.frames;
  }

  watchPicture() {
    if (!this.callbacks) return;
    /** @type {VideoFrameRequestCallback} */
    const presented = (_now, picture) => {
      if (this.dead) return;
      if (!this.virtual) {
        const still = stillOf(this.video);
        this.present(still ? this.frameOf(still) : this.times.nearest(picture.mediaTime), still);
      }
      this.video.requestVideoFrameCallback(presented);
    };
    this.video.requestVideoFrameCallback(presented);
  }

  // For the clock of its own, and for browsers without frame callbacks; otherwise it only looks in four times a second.
  watchTime() {
    let before = performance.now();
    /** @param {number} now */
    const animated = (now) => {
      if (this.dead) return;
      if (this.virtual && this.playing) this.advance(Math.min(now - before, 100) / 1000);
      else if (!this.virtual && !this.callbacks) this.present(this.times.at(this.video.currentTime), null);
      before = now;
      if (this.virtual || !this.callbacks) requestAnimationFrame(animated);
      else this.idle = window.setTimeout(() => requestAnimationFrame(animated), 250);
    };
    requestAnimationFrame(animated);
  }

  /**
   * @param {number} frame
   * @param {CanvasImageSource} [image]
   */
  show(frame, image) {
    this.frame = clamp(frame, 0, this.frames - 1);
    this.heard.frame(this.frame, image);
  }

  /** @param {VideoFrame} still */
  frameOf(still) {
    return this.times.nearest(still.timestamp / 1e6);
  }

  // A callback for the picture from before a seek may come after the seek: the sought frame is the one on screen.
  /**
   * @param {number} frame
   * @param {VideoFrame | null} still the picture of that frame, where it can be had
   */
  present(frame, still) {
    if (this.paused && this.wanted !== undefined && frame !== this.wanted) {
      still?.close();
      return;
    }
    const leapt = frame === this.wanted;
    if (leapt) this.wanted = undefined;
    const before = this.frame;
    this.picture.take(still);
    this.show(frame, still || this.video);
    if (leapt) return;
    if (this.paused && this.frame !== before) this.heard.settled(); // the last picture of a playing video, after its pause was heard
    this.keepToPart(before);
  }

  // A loop that plays past the end of its part begins that anew; whoever leaps beyond it stays there until the video's end.
  /** @param {number} before the frame that was on screen */
  keepToPart(before) {
    const { loop, part, frame } = this;
    if (!loop || !part || this.paused || before > part.last) return;
    if (frame > part.last && frame - before < this.times.fps) this.seek(part.first);
  }

  // Some browsers show a sought picture without a callback; then, a moment later, the sought frame is drawn.
  settle() {
    window.setTimeout(() => {
      if (this.dead || this.video.seeking) return;
      const wanted = this.wanted;
      this.wanted = undefined;
      if (wanted !== undefined && this.paused) this.presentSought(wanted);
      this.heard.settled();
    }, 150);
  }

  /** @param {number} wanted the frame that was sought */
  presentSought(wanted) {
    const still = stillOf(this.video);
    this.present(still ? this.frameOf(still) : wanted, still);
  }

  /** @param {number} seconds */
  advance(seconds) {
    this.ownTime += seconds * this.speed;
    if (this.ownTime < this.times.duration) this.show(this.times.at(this.ownTime));
    else if (this.loop) {
      this.ownTime = 0;
      this.show(0);
    } else {
      this.show(this.frames - 1);
      this.pause();
    }
  }

  // The video does not play: go on without it, from the same frame.
  leaveVideo() {
    this.virtual = true;
    this.playing = false;
    this.picture.drop();
    this.frame = this.wanted ?? this.frame;
    this.wanted = undefined;
    this.heard.state();
  }

  get time() {
    return this.times.of(this.frame);
  }

  get paused() {
    return this.virtual ? !this.playing : this.video.paused;
  }

  play() {
    if (!this.virtual) {
      this.video.play().catch(() => this.heard.state());
      return;
    }
    if (this.frame >= this.frames - 1) this.show(0);
    this.ownTime = this.time;
    this.playing = true;
    this.heard.state();
  }

  pause() {
    if (!this.virtual) this.video.pause();
    else if (this.playing) {
      this.playing = false;
      this.heard.state();
    }
  }

  toggle() {
    if (this.paused) this.play();
    else this.pause();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.video.playbackRate = speed;
  }

  /** @param {number} frame */
  seek(frame) {
    const wanted = clamp(frame, 0, this.frames - 1);
    if (this.virtual) {
      this.ownTime = this.times.of(wanted);
      this.show(wanted);
      this.heard.settled();
      return;
    }
    this.wanted = wanted;
    this.video.currentTime = this.times.middle(wanted);
  }

  /** @param {number} frames */
  step(frames) {
    this.pause();
    this.seek((this.wanted ?? this.frame) + frames);
  }

  // To the next (direction 1) or previous (-1) of some sorted frames.
  /**
   * @param {ArrayLike<number>} frames
   * @param {number} direction
   */
  jump(frames, direction) {
    this.pause();
    const here = this.wanted ?? this.frame;
    const at = lastAtOrBefore(frames, direction > 0 ? here : here - 1) + (direction > 0 ? 1 : 0);
    if (at >= 0 && at < frames.length) this.seek(frames[at]);
  }

  destroy() {
    this.dead = true;
    window.clearTimeout(this.idle);
    this.stop.abort();
    this.picture.drop();
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}

// Why a video does not play, as the end of a sentence.
/** @param {string} src */
async function reasonOfFailure(src) {
  try {
    const answer = await fetch(src, { headers: { Range: "bytes=0-15" } });
    const type = answer.headers.get("content-type") || "";
    if (!answer.ok) return `the server has no such file any more (${answer.status}); reload the page`;
    if (type.includes("text/html")) return "its address leads to a page instead of a video; reload the page";
  } catch {
    return "the server did not answer; check that the app is running";
  }
  return "its format or codec is one this browser cannot play; convert it to H.264 in an MP4 file";
}
