"""Small recordings whose frames show their own number, in as many containers and codecs as PyAV can write.

The number (from 0) stands as 12 black or white cells across the bottom tenth of the frame, most significant bit first,
so that whoever shows a frame, shows its number: a decoder, this project, a browser.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.priority import keep_priority

CELLS = 12
N_FRAMES = 75
SIZE_WH = (352, 288)  # the one size that the oldest codecs take


def draw_numbered_frame(number: int, size_wh: tuple[int, int] = SIZE_WH) -> NDArray[np.uint8]:
    """[H,W,3] a gradient, a block that walks, and the number in cells."""
    width, height = size_wh
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 2] = 60 + (np.arange(width)[None, :] // 8 + number) % 90
    frame[..., 1] = 50 + np.arange(height)[:, None] // 4
    left = (5 * number) % (width - width // 4)
    frame[height // 4 : height // 2, left : left + width // 4] = (200, 190, 180)
    strip = max(2, height // 10)
    for cell in range(CELLS):
        lit = 255 if (number >> (CELLS - 1 - cell)) & 1 else 0
        frame[-strip:, cell * width // CELLS : (cell + 1) * width // CELLS] = lit
    return frame


def read_number(frame: NDArray[np.uint8]) -> int:
    """The number that a frame [H,W,3] shows, whatever size it was brought to."""
    height, width = frame.shape[:2]
    row = frame[height - max(2, height // 16) : height - max(1, height // 40)].mean(axis=(0, 2))
    number = 0
    for cell in range(CELLS):
        first, last = (cell + 0.3) * width / CELLS, (cell + 0.7) * width / CELLS
        number = 2 * number + int(row[int(first) : max(int(first) + 1, int(last))].mean() > 128)
    return number


@dataclass(frozen=True)
class Recording:
    """A way to write a recording.

    name      of its file; codec, pix_fmt, options, container_options: as PyAV has them
    what      in words
    times     when frame k (from 0) is shown, in frames; None: evenly
    turn      degrees that the file asks a player to turn it; pixel_shape: width of a pixel over its height
    change    what is done to the written file: source, target
    """

    name: str
    what: str
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)
    rate: Fraction = Fraction(25)
    size_wh: tuple[int, int] = SIZE_WH
    times: Callable[[int], int] | None = None
    turn: int = 0
    pixel_shape: Fraction | None = None
    change: Callable[[Path, Path], None] | None = None

    @keep_priority()
    def write(self, folder: Path, n_frames: int = N_FRAMES) -> Path:
        """Write it into a folder and return its path. Raises what PyAV raises where it cannot."""
        path = folder / self.name
        first = path if self.change is None else path.with_name(f"before {path.name}")
        with av.open(str(first), "w", options=dict(self.container_options)) as container:
            stream = container.add_stream(self.codec, rate=self.rate, options=dict(self.options))
            assert isinstance(stream, av.VideoStream)
            (stream.width, stream.height), stream.pix_fmt = self.size_wh, self.pix_fmt
            if self.pixel_shape:
                stream.codec_context.sample_aspect_ratio = self.pixel_shape
            if self.turn:
                stream.set_display_rotation(self.turn)
            for number in range(n_frames):
                frame = _make_frame(draw_numbered_frame(number, self.size_wh), self.pix_fmt)
                frame.pts, frame.time_base = self.times(number) if self.times else number, 1 / self.rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        if self.change is not None:
            self.change(first, path)
            first.unlink()
        return path


def _make_frame(pixels: NDArray[np.uint8], pix_fmt: str) -> av.VideoFrame:
    if pix_fmt != "pal8":  # which nothing converts to
        return av.VideoFrame.from_ndarray(pixels, format="rgb24")
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    greys[:, 0] = 255
    indexed: Any = (pixels.mean(axis=2).astype(np.uint8), greys)
    return av.VideoFrame.from_ndarray(indexed, format="pal8")


def decode_numbers(path: Path) -> list[int]:
    """The numbers in the frames that PyAV alone gives of the best video track, in order."""
    return [read_number(frame) for frame in _decode_plainly(path)]


def _decode_plainly(path: Path) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        stream = container.streams.best("video")
        assert isinstance(stream, av.VideoStream)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def cut_within_group(source: Path, target: Path) -> None:
    """Keep what follows the second key frame, with the frames that refer to what is gone."""
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        keys = 0
        for packet in given.demux(video=0):
            keys += packet.is_keyframe and packet.size > 0
            if packet.size and keys > 1:
                packet.stream = stream
                container.mux(packet)


def join_to_itself(source: Path, target: Path) -> None:
    """The bytes twice: the clock starts anew in the middle."""
    target.write_bytes(source.read_bytes() * 2)


def cut_by_edit_list(source: Path, target: Path) -> None:
    """Let a player begin seven frames later, without touching the packets."""
    with av.open(str(source)) as given, av.open(str(target), "w", options={"avoid_negative_ts": "disabled"}) as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.pts is None or packet.dts is None:
                continue
            seven = round(7 / 25 / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - seven, packet.dts - seven, stream
            made.mux(packet)


def hide_some(source: Path, target: Path) -> None:
    """Clear the bit of every tenth VP8 packet that says that it is shown."""
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for position, packet in enumerate(packet for packet in given.demux(video=0) if packet.size):
            content = bytearray(bytes(packet))
            content[0] &= 0b11101111 if position % 10 == 9 else 0xFF
            changed = av.Packet(bytes(content))
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.stream, changed.is_keyframe = stream, packet.is_keyframe
            container.mux(changed)


def _hold_after(number: int) -> int:
    """Evenly, but a pause of two seconds in the middle and every seventh frame dropped after it."""
    return number if number < 30 else number + 50 + number // 7


_GOOD = {"qscale": "2", "g": "12"}
_B_FRAMES = {"qscale": "2", "g": "12", "bf": "2"}
_X264 = {"g": "25", "bf": "2", "preset": "veryfast"}
_AV1 = {"preset": "8", "crf": "20"}
_NTSC = Fraction(30000, 1001)

RECORDINGS: tuple[Recording, ...] = (
    Recording("h264.mp4", "H.264 in mp4, as phones and Charades have it", options=_X264),
    Recording(
        "h264-late.mp4",
        "H.264, moov at the front, no B frames",
        options={"bf": "0"},
        container_options={"movflags": "+faststart"},
    ),
    Recording(
        "h264-fragments.mp4",
        "H.264 in fragments, as browsers record",
        options=_X264,
        container_options={"movflags": "+frag_keyframe+empty_moov"},
    ),
    Recording("h264-open.mp4", "H.264 with open groups", options={"x264-params": "keyint=12:open-gop=1:bframes=3"}),
    Recording(
        "h264-refresh.mp4",
        "H.264 that refreshes bit by bit, without key frames",
        options={"x264-params": "intra-refresh=1:keyint=12:bframes=0:scenecut=0"},
    ),
    Recording(
        "h264-edit.mp4",
        "H.264 that an edit list cuts within a group",
        options={"g": "25", "bf": "0"},
        change=cut_by_edit_list,
    ),
    Recording("h264-pauses.mp4", "H.264 that pauses and drops frames", options=_X264, times=_hold_after),
    Recording("h264-turned.mp4", "H.264 to be turned by 90 degrees", options=_X264, turn=90),
    Recording("h264-wide.mp4", "H.264 with pixels that are not square", options=_X264, pixel_shape=Fraction(16, 11)),
    Recording(
        "h264-interlaced.mp4", "H.264, interlaced", options={"flags": "+ildct+ilme", "x264-params": "interlaced=1"}
    ),
    Recording("h264-ten-bits.mp4", "H.264 with ten bits", pix_fmt="yuv420p10le", options=_X264),
    Recording("h264-444.mp4", "H.264 with full colour", pix_fmt="yuv444p", options=_X264),
    Recording("h264.mov", "H.264 in mov", options=_X264),
    Recording("h264.mkv", "H.264 in mkv", options=_X264),
    Recording("h264.ts", "H.264 in a transport stream", options=_X264),
    Recording(
        "h264-cut.ts",
        "H.264, cut out of a broadcast",
        options={"x264-params": "keyint=12:open-gop=1:bframes=3"},
        change=cut_within_group,
    ),
    Recording("h264-joined.ts", "H.264, two streams joined", options={"bf": "0"}, change=join_to_itself),
    Recording("h264.m2ts", "H.264 as camcorders write it", options=_X264, container_options={"mpegts_m2ts_mode": "1"}),
    Recording("h264.flv", "H.264 in flv", options=_X264),
    Recording("h264.avi", "H.264 in avi", options={"bf": "0"}),
    Recording("hevc.mp4", "H.265 in mp4", "libx265", options={"x265-params": "keyint=12:log-level=none"}),
    Recording("hevc.mkv", "H.265 in mkv", "libx265", options={"x265-params": "keyint=12:log-level=none"}),
    Recording(
        "hevc-cut.mkv",
        "H.265, cut within an open group",
        "libx265",
        options={"x265-params": "keyint=12:min-keyint=12:open-gop=1:bframes=3:b-adapt=0:scenecut=0:log-level=none"},
        change=cut_within_group,
    ),
    Recording(
        "hevc-ten-bits.mp4",
        "H.265 with ten bits",
        "libx265",
        "yuv420p10le",
        {"x265-params": "keyint=12:log-level=none"},
    ),
    Recording("hevc.ts", "H.265 in a transport stream", "libx265", options={"x265-params": "keyint=12:log-level=none"}),
    Recording("av1.mp4", "AV1 in mp4", "libsvtav1", options={"g": "12", **_AV1}),
    Recording("av1.webm", "AV1 in webm", "libsvtav1", options={"g": "12", **_AV1}),
    Recording("av1.mkv", "AV1 in mkv", "libsvtav1", options=_AV1),
    Recording("vp9.webm", "VP9 in webm", "libvpx-vp9", options={"cpu-used": "6", "b": "1M"}),
    Recording("vp9.mp4", "VP9 in mp4", "libvpx-vp9", options={"cpu-used": "6", "b": "1M"}),
    Recording("vp8.webm", "VP8 in webm", "libvpx", options={"cpu-used": "6", "b": "1M"}),
    Recording(
        "vp8-hidden.webm",
        "VP8 with packets that are not shown",
        "libvpx",
        options={"cpu-used": "6", "b": "1M"},
        change=hide_some,
    ),
    Recording("vp8.ogv", "VP8 in ogg", "libvpx", options={"cpu-used": "6", "b": "1M"}),
    Recording("mpeg1.mpg", "MPEG-1 in a program stream", "mpeg1video", options=_B_FRAMES),
    Recording("mpeg2.mpg", "MPEG-2 in a program stream", "mpeg2video", options=_B_FRAMES),
    Recording("mpeg2.vob", "MPEG-2 as on DVDs", "mpeg2video", options=_B_FRAMES),
    Recording("mpeg2.ts", "MPEG-2 in a transport stream", "mpeg2video", options=_B_FRAMES),
    Recording(
        "mpeg2-cut.ts", "MPEG-2, cut out of a broadcast", "mpeg2video", options=_B_FRAMES, change=cut_within_group
    ),
    Recording("mpeg2-joined.mpg", "MPEG-2, two files joined", "mpeg2video", options=_B_FRAMES, change=join_to_itself),
    Recording("mpeg2-interlaced.ts", "MPEG-2, interlaced", "mpeg2video", options={**_B_FRAMES, "flags": "+ildct+ilme"}),
    Recording("mpeg2.mxf", "MPEG-2 as broadcasters keep it", "mpeg2video", options=_B_FRAMES),
    Recording("mpeg4.mp4", "MPEG-4 part 2 in mp4", "mpeg4", options=_B_FRAMES),
    Recording("mpeg4.avi", "MPEG-4 part 2 in avi, as DivX and XviD write", "mpeg4", options=_B_FRAMES),
    Recording("mpeg4.3gp", "MPEG-4 part 2 in 3gp", "mpeg4", options=_GOOD),
    Recording("h261.avi", "H.261", "h261", options=_GOOD),
    Recording("h263.3gp", "H.263 in 3gp", "h263", options=_GOOD, rate=_NTSC),
    Recording("msmpeg4.avi", "MS MPEG-4 v3 in avi", "msmpeg4", options=_GOOD),
    Recording("msmpeg4v2.avi", "MS MPEG-4 v2 in avi", "msmpeg4v2", options=_GOOD),
    Recording("wmv1.wmv", "WMV 7", "wmv1", options=_GOOD),
    Recording("wmv2.wmv", "WMV 8", "wmv2", options=_GOOD),
    Recording("sorenson.flv", "Sorenson Spark in flv", "flv", options=_GOOD),
    Recording("screen.flv", "Flash Screen Video", "flashsv", "bgr24"),
    Recording("mjpeg.avi", "Motion JPEG in avi", "mjpeg", "yuvj420p", {"qscale": "2"}),
    Recording("mjpeg.mov", "Motion JPEG in mov", "mjpeg", "yuvj420p", {"qscale": "2"}),
    Recording("prores.mov", "ProRes 422", "prores_ks", "yuv422p10le"),
    Recording("prores-alpha.mov", "ProRes 4444 with alpha", "prores_ks", "yuva444p10le"),
    Recording("dnxhr.mov", "DNxHR", "dnxhd", "yuv422p", {"profile": "dnxhr_sq"}),
    Recording("cineform.mov", "CineForm", "cfhd", "yuv422p10le"),
    Recording("dv.avi", "DV PAL", "dvvideo", "yuv420p", size_wh=(720, 576)),
    Recording("dv.mov", "DV PAL in mov", "dvvideo", "yuv420p", size_wh=(720, 576)),
    Recording("jpeg2000.mov", "JPEG 2000", "jpeg2000", "yuv420p"),
    Recording("animation.mov", "QuickTime Animation", "qtrle", "rgb24"),
    Recording("png.mov", "PNG with alpha in mov", "png", "rgba"),
    Recording("svq1.mov", "Sorenson Video 1", "svq1", "yuv410p", {"qscale": "2"}),
    Recording("raw.avi", "no compression", "rawvideo", "yuyv422"),
    Recording("raw-palette.avi", "no compression, with a palette", "rawvideo", "pal8"),
    Recording("ffv1.mkv", "FFV1", "ffv1", "yuv420p"),
    Recording("huffyuv.avi", "HuffYUV", "huffyuv", "yuv422p"),
    Recording("utvideo.avi", "Ut Video", "utvideo", "yuv420p"),
    Recording("magicyuv.avi", "MagicYUV", "magicyuv", "yuv420p"),
    Recording("cinepak.avi", "Cinepak", "cinepak", "rgb24", {"g": "12"}),
    Recording("video1.avi", "Microsoft Video 1", "msvideo1", "rgb555le"),
    Recording("rle.avi", "Microsoft RLE", "msrle", "pal8", {"g": "12"}),
    Recording("palette.mov", "QuickTime Animation with a palette", "qtrle", "gray"),
    Recording("zmbv.avi", "Zip Motion Blocks, as DOSBox records", "zmbv", "bgr0", {"g": "12"}),
    Recording("asus.avi", "ASUS V2", "asv2", "yuv420p", {"qscale": "2"}),
    Recording("snow.avi", "Snow", "snow", "yuv420p", {"qscale": "2", "strict": "-2"}),
    Recording("animated.gif", "animated GIF", "gif", "rgb8"),
)
