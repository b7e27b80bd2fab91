"""What a store is built from: found and checked before anything is read, and known by its content.

Knows names and places of files, and nothing of what is in them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ag_core.annotations.building.assembly import ASSEMBLY
from ag_core.annotations.building.parts import Tables, identify_file
from ag_core.annotations.readers.action_genome import OBJECT_FILE, OBJECT_READER
from ag_core.annotations.readers.charades import CHARADES_READER
from ag_core.annotations.readers.person_boxes import PERSON_FILE, PERSON_READER
from ag_core.annotations.readers.prediction_rows import PREDICTION_READER
from ag_core.annotations.readers.video_facts import VIDEO_READER, FoundValues, find_video_files, read_rates
from ag_core.annotations.store_format import ANNOTATION, FORMAT_VERSION, PREDICTION_MARK, SCHEMA
from ag_core.errors import UserError
from ag_core.files import hash_bytes

CHARADES_FILES = ("Charades_v1_train.csv", "Charades_v1_test.csv")

READERS = (CHARADES_READER, PERSON_READER, OBJECT_READER, VIDEO_READER, PREDICTION_READER)


@dataclass(frozen=True)
class FurtherAnnotation:
    """Annotations of videos beside the released ones, which become a source of their own.

    source   the name of the source
    files    what they are read from, one file a video
    version  of what `read` makes of a file: a new one reads all files again
    read     gives the tables of some of the files, all of them of this source
    """

    source: str
    files: tuple[Path, ...]
    version: int
    read: Callable[[Sequence[Path]], Tables]

    def __post_init__(self) -> None:
        if self.source == ANNOTATION or self.source.startswith(PREDICTION_MARK):
            raise ValueError(f"a further annotation cannot be called {self.source!r}; give a name of its own")


@dataclass(frozen=True)
class Inputs:
    """The files of one build.

    charades     csv files, none or more
    annotations  folder with the released pickles, or None
    videos       file of each video id, None without a folder of videos; `folder` is its name
    rates        frames a second by video id
    """

    charades: tuple[Path, ...]
    annotations: Path | None
    videos: FoundValues | None
    folder: str
    rates: FoundValues
    rates_file: Path | None
    predictions: tuple[Path, ...]
    further: tuple[FurtherAnnotation, ...] = ()

    @staticmethod
    def find(
        charades: Path | str | None,
        action_genome: Path | str | None,
        videos: Path | str | None,
        rates: Path | str | None,
        predictions: Sequence[Path | str],
        further: Sequence[FurtherAnnotation] = (),
    ) -> "Inputs":
        """The files in the folders given; UserError where nothing is given or something given is not there."""
        if charades is None and action_genome is None and videos is None and not predictions and not further:
            raise UserError("a store needs something to hold; give a Charades or an Action Genome folder, or videos")
        results = tuple(map(Path, predictions))
        try:
            for path in results:
                if not path.is_file():
                    what = "is a folder" if path.is_dir() else "is not there"
                    raise UserError(f"{path} {what}; give files that `python -m ag_core predict` wrote")
            return Inputs(
                () if charades is None else _find_charades_files(Path(charades)),
                None if action_genome is None else _find_annotations(Path(action_genome)),
                None if videos is None else find_video_files(Path(videos)),
                "" if videos is None else Path(videos).name,
                FoundValues({}, []) if rates is None else read_rates(Path(rates)),
                None if rates is None else Path(rates),
                results,
                tuple(further),
            )
        except OSError as error:  # a folder on the way may not be entered
            raise UserError(
                f"{error.filename} cannot be looked at ({error.strerror}); give files and folders that you may read"
            ) from None

    @property
    def detail(self) -> str | None:
        """What the annotation comes from, in words; None where there is none."""
        names = ["Charades"] * bool(self.charades) + ["Action Genome"] * (self.annotations is not None)
        return " and ".join(names) or None

    def fingerprint(self) -> str:
        """[64 hexadecimal digits] The same for the same files read by the same version."""
        return hash_bytes("\n".join(self._identify_inputs()).encode(errors="surrogateescape"))

    def list_files(self) -> list[Path]:
        """Every file that is read, further annotations included."""
        of_kinds = [path for _, paths in self._list_kinds() for path in paths]
        return of_kinds + [path for annotation in self.further for path in annotation.files]

    def _list_kinds(self) -> tuple[tuple[str, tuple[Path, ...]], ...]:
        return (
            ("charades", self.charades),
            ("pickles", () if self.annotations is None else tuple(self.list_pickles())),
            ("videos", () if self.videos is None else tuple(self.videos.values.values())),
            ("rates", () if self.rates_file is None else (self.rates_file,)),
            ("predictions", self.predictions),
        )

    def _identify_inputs(self) -> Iterator[str]:
        yield f"{FORMAT_VERSION} {READERS}"
        yield from (path.read_text(encoding="utf-8") for path in (SCHEMA, ASSEMBLY))
        for kind, paths in self._list_kinds():
            yield kind
            yield from map(identify_file, paths)
        for annotation in self.further:
            yield f"further {annotation.source} {annotation.version}"
            yield from map(identify_file, annotation.files)
        yield " ".join(() if self.videos is None else self.videos.values)
        yield f"folder {self.videos is not None} {self.folder}"

    def list_pickles(self) -> Iterator[Path]:
        """The released files that are there, persons first."""
        if self.annotations is not None:
            yield from (p for p in (self.annotations / PERSON_FILE, self.annotations / OBJECT_FILE) if p.is_file())


def _find_charades_files(folder: Path) -> tuple[Path, ...]:
    paths = tuple(folder / name for name in CHARADES_FILES if (folder / name).is_file())
    if not paths:
        raise UserError(f"{folder} has neither {' nor '.join(CHARADES_FILES)}; give the Charades annotation folder")
    return paths


def _find_annotations(folder: Path) -> Path:
    inner = folder / "annotations"
    chosen = inner if inner.is_dir() else folder
    if not (chosen / OBJECT_FILE).is_file():
        raise UserError(f"{chosen / OBJECT_FILE} is not there; give the folder that holds {OBJECT_FILE}")
    return chosen
