"""Action models by name. All are one class with another bank beside the clip (methods C16, C18, C19)."""

from ag_core.errors import UserError
from ag_core.models.video.bank_head import BankedVideoModel, BankHead
from ag_core.models.video.fbo import NonLocalBank
from ag_core.models.video.i3d import I3dNonLocal
from ag_core.presets import DEMO_VIDEO, VideoPreset
from ag_core.taxonomy import BANK_SIZE, N_ACTIONS

__all__ = ["VIDEO_MODELS", "BankHead", "BankedVideoModel", "build_bank_head", "build_clip_net", "build_video_model"]

VIDEO_MODELS: dict[str, int | None] = {"i3d": 0, "lfb": None, "sgfb": BANK_SIZE, "oracle": BANK_SIZE}
"""Name to the length of a bank entry: 0 is no bank, None is the clip network's own feature size."""


def build_clip_net(preset: VideoPreset = DEMO_VIDEO) -> I3dNonLocal:
    """The clip network of a preset with fresh weights: [B,3,T,H,W] to features [B,C]."""
    return I3dNonLocal(
        blocks=preset.blocks,
        temporal_blocks=preset.temporal_blocks,
        nonlocal_blocks=preset.nonlocal_blocks,
        nonlocal_group=preset.nonlocal_group,
        base_width=preset.base_width,
        stem_kernel=preset.stem_kernel,
        stem_stride=preset.stem_stride,
        last_stride=preset.last_stride,
    )


def build_bank_head(name: str, preset: VideoPreset = DEMO_VIDEO) -> BankHead:
    """Bank operator and classifier of a model with fresh weights: what is trained on cached clip features."""
    if name not in VIDEO_MODELS:
        raise UserError(f"there is no video model {name!r}; known models are {', '.join(VIDEO_MODELS)}")
    entry_size = VIDEO_MODELS[name]
    short_term = preset.feature_size
    if entry_size == 0:
        return BankHead(short_term, None, N_ACTIONS, preset.dropout)
    operator = NonLocalBank(
        short_term,
        short_term if entry_size is None else entry_size,
        preset.latent_size,
        preset.bank_layers,
        preset.bank_dropout,
    )
    return BankHead(short_term, operator, N_ACTIONS, preset.dropout)


def build_video_model(name: str, preset: VideoPreset = DEMO_VIDEO) -> BankedVideoModel:
    """A whole model with fresh weights; UserError lists the known names."""
    return BankedVideoModel(build_clip_net(preset), build_bank_head(name, preset))
