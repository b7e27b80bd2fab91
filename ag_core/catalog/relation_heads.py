"""The relation heads."""

from pathlib import Path

from ag_core import presets
from ag_core.catalog.entries import REFINING_LOSS, Family, Need, RelationHeadEntry, find_entry, index_by_id

_REGIONS_AND_UNIONS = frozenset({Need.REGIONS, Need.UNION_FEATURES})

RELATION_HEADS: dict[str, RelationHeadEntry] = index_by_id(
    RelationHeadEntry(
        id="reldn",
        label="RelDN",
        about="looks at the pair: appearance, place and classes",
        build="ag_core.models.relation.reldn:RelDnHead",
        loss="ag_core.models.relation.reldn:compute_reldn_losses",
        presets={"demo": presets.DEMO_RELDN, "paper": presets.PAPER_RELDN},
        weights_file="reldn.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="frequency",
        label="Frequency prior",
        about="knows only how often each relationship holds for a class",
        build="ag_core.models.relation.frequency:FrequencyHead",
        # Counted beside every head that is trained, so it has the sizes of all.
        presets={
            "demo": presets.DEMO_FREQUENCY,
            "paper": presets.PAPER_FREQUENCY,
            "sttran": presets.PAPER_FREQUENCY,
        },
        weights_file="frequency.safetensors",
    ),
    RelationHeadEntry(
        id="vrd",
        label="VRD",
        about="looks at the box around person and object alone",
        build="ag_core.models.relation.vrd:VrdHead",
        presets={"demo": presets.DEMO_VRD, "paper": presets.PAPER_VRD},
        weights_file="vrd.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="imp",
        label="IMP",
        about="lets boxes and pairs exchange messages through recurrent units",
        build="ag_core.models.relation.imp:ImpHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_IMP, "paper": presets.PAPER_IMP},
        weights_file="imp.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="msdn",
        label="MSDN",
        about="lets boxes and pairs exchange messages through gates of many templates",
        build="ag_core.models.relation.msdn:MsdnHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_MSDN, "paper": presets.PAPER_MSDN},
        weights_file="msdn.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="graph-rcnn",
        label="Graph R-CNN",
        about="scores which pairs are related, then convolves their graph with attention",
        build="ag_core.models.relation.graph_rcnn:GraphRcnnHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_GRAPH_RCNN, "paper": presets.PAPER_GRAPH_RCNN},
        weights_file="graph-rcnn.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="graph-rcnn-equal",
        label="Graph R-CNN without attention",
        about="the same with all neighbours alike",
        build="ag_core.models.relation.graph_rcnn:GraphRcnnHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_GRAPH_RCNN_EQUAL, "paper": presets.PAPER_GRAPH_RCNN_EQUAL},
        weights_file="graph-rcnn-equal.safetensors",
        needs=_REGIONS_AND_UNIONS,
    ),
    RelationHeadEntry(
        id="sttran",
        label="STTran",
        about="a transformer over the pairs of a frame, then over those of two neighbouring frames",
        build="ag_core.models.relation.sttran:SttranHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_STTRAN, "paper": presets.PAPER_STTRAN, "sttran": presets.RELEASED_STTRAN},
        weights_file="sttran.safetensors",
        needs=_REGIONS_AND_UNIONS | {Need.WHOLE_VIDEO},
    ),
    RelationHeadEntry(
        id="pair-memory",
        label="Pair memory",
        about="remembers a pair through the video, and sees where the head is turned",
        build="ag_core.models.relation.pair_memory:PairMemoryHead",
        loss=REFINING_LOSS,
        presets={"demo": presets.DEMO_PAIR_MEMORY, "paper": presets.PAPER_PAIR_MEMORY},
        weights_file="pair-memory.safetensors",
        needs=_REGIONS_AND_UNIONS | {Need.HEAD_MAPS, Need.WHOLE_VIDEO},
    ),
)


def find_relation_head(head: str) -> RelationHeadEntry:
    """A relation head by its id; UserError lists the known ones."""
    return find_entry(RELATION_HEADS, head, Family.RELATION_HEAD)


def list_ready_heads(weights: Path) -> list[RelationHeadEntry]:
    """The relation heads whose weights lie in a folder of weights: those that can be asked there."""
    return [entry for entry in RELATION_HEADS.values() if entry.weights_path(weights).is_file()]


def explain_missing_head(head: str, weights: Path) -> str:
    """One sentence for a relation head that cannot be asked, since its weights are not in `weights`."""
    entry = find_relation_head(head)
    others = " or ".join(ready.id for ready in list_ready_heads(weights))
    choose = f", or choose {others}" if others else ""
    return (
        f"the weights file {entry.weights_file} of the relation head {entry.label} is missing; "
        f"train it with `python -m ag_core train relations --head {head} --out {entry.weights_file} ...`{choose}"
    )
