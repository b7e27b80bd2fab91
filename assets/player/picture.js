// The picture that the video shows: taken with its time, and drawn with its boxes onto one canvas, so that nothing on screen
// ever shows the boxes of another frame. The video plays on beneath; its menu and picture-in-picture work as ever.

class Picture {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    /** Whether it is drawn with the boxes; otherwise they lie on a canvas above the video. */
    this.drawn = true;
    /** What is on the canvas; kept until the next one, so that it can be drawn again with other boxes. @type {CanvasImageSource | null} */
    this.image = null;
    /** Of the same picture, to be closed with the next. @type {VideoFrame | null} */
    this.still = null;
    /** Holds the picture where there are no WebCodecs. @type {HTMLCanvasElement | null} */
    this.copy = null;
  }

  // Take the picture on screen. still: one of it, where it can be had.
  /** @param {VideoFrame | null} still */
  take(still) {
    this.drop();
    this.still = still;
    if (this.drawn) this.image = this.copied();
    if (this.image && still && !this.showsStill(still) && isUpright(still, this.video)) this.image = still;
    this.video.style.opacity = "";
  }

  // Whether the video has not gone on since.
  /** @param {VideoFrame} still */
  showsStill(still) {
    const now = stillOf(this.video);
    now?.close();
    return now !== null && now.timestamp === still.timestamp;
  }

  copied() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height) return null;
    const copy = (this.copy ||= document.createElement("canvas"));
    if (copy.width !== width || copy.height !== height) Object.assign(copy, { width, height });
    return this.draws(this.video, /** @type {CanvasRenderingContext2D} */ (copy.getContext("2d")), copy) ? copy : null;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {HTMLCanvasElement} canvas
   */
  paint(context, canvas) {
    if (this.image && !this.draws(this.image, context, canvas)) this.drop();
  }

  // A browser that cannot draw it shows the video itself.
  /**
   * @param {CanvasImageSource} image
   * @param {CanvasRenderingContext2D} context
   * @param {HTMLCanvasElement} canvas
   */
  draws(image, context, canvas) {
    try {
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
    } catch {
      this.drawn = false;
    }
    return this.drawn;
  }

  // Another video opens: it is hidden until its first picture is known to be that of the boxes.
  clear() {
    this.drop();
    this.video.style.opacity = this.drawn ? "0" : "";
  }

  drop() {
    this.still?.close();
    this.still = this.image = null;
  }
}

/**
 * The picture on screen, with its time. A busy browser calls back for a picture that it has already replaced, so the boxes
 * follow the picture itself. Null without WebCodecs (an address that is not secure): then the callback's word stands. A sought
 * picture is there before the video calls itself ready, so only the attempt tells.
 * @param {HTMLVideoElement} video
 */
function stillOf(video) {
  if (!("VideoFrame" in window)) return null;
  try {
    return new VideoFrame(video);
  } catch {
    return null;
  }
}

/**
 * Whether a still stands as the video shows it: not all browsers turn it as the file says.
 * @param {VideoFrame} still
 * @param {HTMLVideoElement} video
 */
function isUpright(still, video) {
  return still.displayWidth === video.videoWidth && still.displayHeight === video.videoHeight;
}
