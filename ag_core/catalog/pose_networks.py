"""The networks that find hands."""

from ag_core.catalog.detectors import find_file_of_human
from ag_core.catalog.entries import Download, PoseNetworkEntry, index_by_id

MOVENET = "movenet"

POSE_NETWORKS: dict[str, PoseNetworkEntry] = index_by_id(
    PoseNetworkEntry(
        id=MOVENET,
        label="MoveNet (hands)",
        about="finds the wrists of a person; fetched over the network once",
        build="ag_core.models.movenet:PoseNetwork",
        trained_on="COCO and Google's videos of people in motion",
        architecture="movenet-lightning",
        download=Download(
            files=(
                find_file_of_human(
                    "movenet-lightning.json", "df8cbde44d00f533ccc4916a7c6ebc17316532fb3fadad114ec667fef22872e9"
                ),
                find_file_of_human(
                    "movenet-lightning.bin", "bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34"
                ),
            ),
            megabytes=5,
            kept_as="movenet-lightning.onnx",
            convert="ag_core.models.foreign.movenet:convert_movenet",
        ),
    ),
)
