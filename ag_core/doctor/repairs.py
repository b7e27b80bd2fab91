"""What the readers' repairs and refusals mean: one entry for each kind of the store's table `issues`."""

from typing import NamedTuple

from ag_core.doctor.check import Area, Severity


class Repair(NamedTuple):
    """The words for one kind of issue; `of` as in Check. A kind that a check counts better names it in `counted_by`."""

    area: Area
    severity: Severity
    title: str
    of: str
    meaning: str
    remedy: str
    counted_by: str = ""


_C, _G, _V = Area.CHARADES, Area.GRAPHS, Area.VIDEOS
_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_FETCH = "Fetch the file anew and build the store again; if it stays, it is so in the release."
_LOOK = "Look at the frame; the rest of the video is not touched by this."

REPAIRS: dict[str, Repair] = {
    "column-missing": Repair(_C, _WARNING, "Files without one of the columns", "Charades videos",
        "What the column says is blank for every video of the file: it was left out, or its name is written otherwise.",
        "Write the header as in the release and build again, unless the column was left out on purpose."),
    "row-without-id": Repair(_C, _ERROR, "Rows without an id", "Charades videos",
        "The row names no video, so it was left out with all its actions.", "Correct the row and build again."),
    "row-cells": Repair(_C, _WARNING, "Rows with too many or too few cells", "Charades videos",
        "The row does not have the file's 11 columns, so nobody can tell which cell belongs under which heading; it "
        "was left out.", "Look for a comma outside quotes, correct the row and build again."),
    "row-quotes": Repair(_C, _ERROR, "Rows whose quotation marks do not pair", "Charades videos",
        "A quotation mark that is never closed would make one cell of all that follows; the row was left out.",
        "Close the mark in that line and build again."),
    "video-twice": Repair(_C, _WARNING, "Rows of a video that has one already", "Charades videos",
        "The first row was kept, the later one left out with its actions.", "Remove the wrong one and build again."),
    "note-unreadable": Repair(_C, _WARNING, "Grades and marks that cannot be read", "Charades videos",
        "Quality and relevance are whole numbers, verified is Yes or No. Another text counts as blank.",
        "Correct the cell and build again."),
    "length-unknown": Repair(_C, _WARNING, "Lengths that are no number", "Charades videos",
        "Without a length, the times of the video's actions cannot be checked against its end.",
        "Write the length in seconds into the row, or give the folder of videos, and build again."),
    "action-malformed": Repair(_C, _ERROR, "Actions that cannot be read", "intervals",
        "An action is 'c107 0.00 5.00': an id, a start, an end. Anything else was left out.",
        "Correct the field and build again."),
    "action-unknown": Repair(_C, _ERROR, "Actions of an unknown class", "intervals",
        "Classes run from c000 to c156; others were left out.", "Correct the id and build again."),
    "interval-starts-early": Repair(_C, _WARNING, "Intervals that start before the video", "intervals",
        "The start is negative; the store starts them with the video.", "Look at the videos."),
    "interval-ends-late": Repair(_C, _NOTE, "Intervals that end after the video", "intervals",
        "The store ends them with the video.", "Nothing.", "interval-ends-late"),
    "interval-starts-late": Repair(_C, _WARNING, "Intervals that start after the video", "intervals",
        "The store keeps a point at the end.", "Look at the videos.", "interval-starts-late"),
    "interval-reversed": Repair(_C, _WARNING, "Intervals that end before they start", "intervals",
        "The store keeps a point at the start.", "Look at the videos.", "interval-reversed"),
    "file-missing": Repair(_G, _ERROR, "Files of the release that are missing", "annotated videos",
        "Without person_bbox.pkl no frame has a person, and none counts in the funnel.",
        "Put the file beside the other pickle and build the store again."),
    "frame-name": Repair(_G, _ERROR, "Frames whose name cannot be read", "frames",
        "A frame is 'VIDEO.mp4/000089.png', counted from 1. Others were left out with their objects.", _FETCH),
    "frame-twice": Repair(_G, _WARNING, "Frames that occur twice", "frames",
        "Two names mean the same frame of the same video; the first was kept.", _FETCH),
    "frame-unreadable": Repair(_G, _ERROR, "Frames whose objects cannot be read", "frames",
        "The entry of the frame is no list of objects; the frame was kept without objects.", _FETCH),
    "frame-without-objects": Repair(_G, _NOTE, "Frames with a person entry only", "frames",
        "The frame is in person_bbox.pkl but not in the file of objects; it was kept without objects.", _FETCH),
    "frame-without-person": Repair(_G, _NOTE, "Frames with objects only", "frames",
        "The frame is in the file of objects but not in person_bbox.pkl; it has no person and does not count in the "
        "funnel.", _FETCH),
    "person-unreadable": Repair(_G, _WARNING, "Persons that cannot be read", "frames",
        "The frame's entry in person_bbox.pkl has another form than the release; the person was left out.", _FETCH),
    "person-scores": Repair(_G, _WARNING, "Persons whose scores do not fit their boxes", "frames",
        "There are more or fewer scores than boxes, which were then taken as 1; or a score is no number from 0 to 1 "
        "and was left blank.", _FETCH),
    "persons-several": Repair(_G, _NOTE, "Frames with several persons", "frames",
        "Action Genome annotates one person a frame; the box with the best score was kept.", _LOOK),
    "person-box-outside": Repair(_G, _WARNING, "Person boxes outside the frame", "frames",
        "Nothing of the box lies in the frame; it was left out.", _LOOK),
    "person-box-clipped": Repair(_G, _NOTE, "Person boxes that leave the frame", "frames",
        "The part outside the frame was cut off.", "Nothing; annotators and detectors go beyond the border."),
    "object-unknown": Repair(_G, _ERROR, "Objects of an unknown class", "objects",
        "The name is none of the 35 object classes; the object was left out.",
        "Check the spelling against object_classes.txt and build the store again."),
    "class-twice": Repair(_G, _WARNING, "Classes that occur twice in a frame", "frames",
        "In the release a class occurs at most once a frame. Both were kept; questions about 'the cup' are ambiguous.",
        _LOOK),
    "visibility-unreadable": Repair(_G, _WARNING, "Objects that are neither visible nor hidden", "objects",
        "Visible is True or False; a word for one of them was read as such, else whether there is a box decided.",
        _FETCH),
    "hidden-with-box": Repair(_G, _WARNING, "Hidden objects with a box", "objects",
        "The entry says that the object is not visible and yet has a box; the box was left out.", _LOOK),
    "hidden-with-relationships": Repair(_G, _WARNING, "Hidden objects with relationships", "objects",
        "The entry says that the object is not visible and yet has relationships; they were left out.", _LOOK),
    "visible-without-box": Repair(_G, _WARNING, "Visible objects without a box", "objects",
        "The entry says that the object is visible and has no box; it was kept as hidden.", _LOOK),
    "box-malformed": Repair(_G, _ERROR, "Boxes that are not four numbers", "objects",
        "The box cannot be read; the object was kept as hidden.", _FETCH),
    "box-outside": Repair(_G, _WARNING, "Object boxes outside the frame", "objects",
        "Nothing of the box lies in the frame; the object was kept as hidden.", _LOOK),
    "box-clipped": Repair(_G, _NOTE, "Object boxes that leave the frame", "objects",
        "Boxes may touch or pass the border; the part outside the frame was cut off.",
        "Nothing, where they are few. If most boxes are cut, they are corners and not x, y, width, height."),
    "relationship-unknown": Repair(_G, _ERROR, "Relationships of an unknown name", "objects",
        "The name is none of the 26 of the release; it was left out.",
        "Check the spelling against relationship_classes.txt and build the store again."),
    "relationships-malformed": Repair(_G, _WARNING, "Relationships that are no list of their group", "objects",
        "Each group of relationships is a list of names of that group. One text was taken as a list of one, a name of "
        "another group was kept, anything else left out.",
        _FETCH),
    "split-unreadable": Repair(_G, _WARNING, "Objects whose metadata name no known split", "objects",
        "The split is read from the metadata of the video's objects: train or test. These say something else.",
        "Nothing, where another object or the Charades file names the split; the check of splits tells."),
    "split-differs": Repair(_G, _ERROR, "Videos in another split than Charades says", "annotated videos",
        "Action Genome's metadata puts the video into the other split. Charades' was kept.",
        "Compare with the official files: training on a test video makes results worthless."),
    "rate-unknown": Repair(_V, _WARNING, "Annotated videos without a rate", "annotated videos",
        "A frame's number means nothing without the video's own rate: its frames have no time, meet no action, and "
        "cannot be found by Search. Charades has rates from 6 to 120 frames a second.",
        "Give the folder of videos (--videos) or a table of rates (--rates) and build the store again."),
    "rate-twice": Repair(_V, _WARNING, "Rates given twice", "videos",
        "The table of rates names the video more than once; the first rate was kept.",
        "Remove the wrong row and build again."),
    "rate-unreadable": Repair(_V, _WARNING, "Rates that cannot be read", "videos",
        "A row of the table of rates is an id and a number of frames a second; others were left out.",
        "Correct the row and build again."),
    "rate-unused": Repair(_V, _NOTE, "Rates of videos that are not there", "videos",
        "The table of rates names videos that no annotation and no prediction speaks of, by that spelling.",
        "Compare the spelling of the names with the ids of the videos."),
    "frame-behind-end": Repair(_V, _ERROR, "Frames beyond the end of their video", "annotated videos",
        "The file has fewer frames than the number of an annotated frame: it is cut, or another copy at another "
        "rate, and then all its frames are displaced.",
        "Fetch the original video; files with edit lists may need to be read without them."),
    "video-unreadable": Repair(_V, _WARNING, "Video files that cannot be read", "videos",
        "The file is damaged or no video; the store does without it.", "Fetch the file again."),
    "video-missing": Repair(_V, _WARNING, "Videos without a file", "videos that should have a file",
        "The folder has no file of this name.", "Put the file into the folder.", "file-missing-of-video"),
    "video-unused": Repair(_V, _NOTE, "Video files that belong to no video", "videos",
        "No annotation and no prediction speaks of a video of that name, so the files were passed over.",
        "Compare the names of the files with the ids of the videos."),
    "video-several": Repair(_V, _WARNING, "Videos with several files", "videos",
        "The folder holds more than one file of this name, with different endings; one was chosen.",
        "Remove the files that are not the original and build again."),
    "video-not-predicted": Repair(_V, _WARNING, "Videos that could not be predicted", "videos",
        "A run over many videos went on without the video; why stands in the row.",
        "Mend what the row says and run `predict-many` again with the same options: only these videos are tried anew."),
    "rate-varies": Repair(_V, _NOTE, "Videos whose rate varies", "video files",
        "Frames do not follow at even steps, as in recordings of phones and screens; times here are the file's own.",
        "Take times from the store or from prediction files; a frame's number divided by a rate is another moment."),
    "clock-mended": Repair(_V, _WARNING, "Videos whose time stamps cannot be right", "video files",
        "Time stamps of the file are missing, repeated, far from all others or at a rate that no recording has; what "
        "was assumed stands in the row.",
        "Compare a few moments with a player; where they differ, convert the file anew from the original."),
    "first-picture-late": Repair(_V, _NOTE, "Videos whose first frame is not at time zero", "video files",
        "The file starts with a gap or an edit list; old and new versions of ffmpeg number its frames differently.",
        "Compare a known frame with the video before relying on single frames."),
    "size-differs": Repair(_V, _ERROR, "Videos of another size than their annotation", "annotated videos",
        "person_bbox.pkl names another frame size than the file has, or several: boxes would be drawn in the wrong "
        "position.",
        "Fetch the original video; boxes are pixels of the original, not of a resized copy."),
    "prediction-file-differs": Repair(_V, _ERROR, "Predictions made from another file", "predicted videos",
        "The folder's file of that name has another number of frames or another size than the one the models saw: it "
        "is another video, or a copy of it, and what was predicted would be drawn over other frames.",
        "Put the file that was predicted into the folder, or predict again from this one."),
}  # fmt: skip
"""By the value of `ag_core.annotations.readers.issues.Kind`, as the store keeps it; in the order of reading."""


def describe_unknown_repair(kind: str) -> Repair:
    """What can be said of a kind that a newer or older version wrote."""
    return Repair(
        _G,
        _WARNING,
        f"Records marked '{kind.replace('-', ' ')}'",
        "videos",
        "Another version of this program marked these records; this one does not know the mark.",
        "Build the store again with this version.",
    )
