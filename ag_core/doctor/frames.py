"""What to look for in annotated videos and frames: persons, times, what is in sight. Facts: methods A4."""

from ag_core.annotations.statistics.sampling import MIDPOINT_DISTANCES, NEAR_FRAMES
from ag_core.doctor.check import CHARADES_VIDEOS, Area, Check, Severity

MAX_OBJECTS = 9
"""The release never has more entries in a frame."""

FEW_FRAMES = 5
"""An action gives five frames, so a video with fewer has lost some."""

UNSURE_PERSON = 0.5


def _select_frames(condition: str, details: str = "''") -> str:
    """Rows of annotated frames for which a condition on columns of frames holds."""
    return f"select source, video, frame_id, t_ms, {details} as details from frames where source = $1 and {condition}"


def _select_videos(table: str, condition: str, details: str = "''") -> str:
    return f"""select source, video, null::integer as frame_id, null::integer as t_ms, {details} as details
               from {table} where {condition}"""


_SEEN = "(select frame_id from objects where source = $1 and visible)"
_ANNOTATED = "(select video from frames where source = $1)"

CHECKS: tuple[Check, ...] = (
    Check(
        "frame-without-visible-object",
        Area.GRAPHS,
        Severity.NOTE,
        "Frames without a visible object",
        "frames",
        "All objects of the frame are hidden, or none was written down. The published counts leave such frames out.",
        "Nothing: the funnel leaves them out too.",
        _select_frames(
            f"frame_id not in {_SEEN}",
            "coalesce((select string_agg(name, ', ' order by class) from objects o join object_classes using (class) "
            "where o.source = frames.source and o.frame_id = frames.frame_id) || ' hidden', 'no entry')",
        ),
        counts=f"""select (select count(*) from ({_select_frames(f"frame_id not in {_SEEN}")})),
                          format('{{:.2f}} visible objects a frame on average, at most {{}}.',
                                 sum(n) / (select count(*) from frames where source = $1), coalesce(max(n), 0))
                   from (select count(*) as n from objects where source = $1 and visible group by frame_id)""",
    ),
    Check(
        "person-not-found",
        Area.GRAPHS,
        Severity.NOTE,
        "Frames without a person box",
        "frames",
        "Person boxes come from a detector, not from annotators, and here it found nobody. Relationships of the frame "
        "have no person to start from.",
        "Nothing: the funnel leaves these frames out, as published results do.",
        _select_frames("person_x1 is null"),
    ),
    Check(
        "person-unsure",
        Area.GRAPHS,
        Severity.NOTE,
        "Person boxes that the detector was unsure of",
        "person boxes",
        f"The detector gave the person a score below {UNSURE_PERSON}.",
        "Keep them, as published results do; look at the score where a person box seems wrong.",
        _select_frames(
            f"person_x1 is not null and person_score < {UNSURE_PERSON}", "format('score {:.2f}', person_score)"
        ),
    ),
    Check(
        "person-score-outside",
        Area.GRAPHS,
        Severity.ERROR,
        "Person boxes with a score outside 0 to 1",
        "person boxes",
        "A score is a probability; another number says that the file was made differently from the release.",
        "Fetch person_bbox.pkl anew and build the store again.",
        _select_frames(
            "person_x1 is not null and (person_score is null or person_score < 0 or person_score > 1)",
            "format('score {}', coalesce(person_score::varchar, 'missing'))",
        ),
    ),
    Check(
        "graphs-without-charades",
        Area.GRAPHS,
        Severity.WARNING,
        "Annotated videos that Charades does not list",
        "annotated videos",
        "Without its Charades row a video has no actions, no script and no length.",
        "Give the folder with both Charades files and build the store again.",
        _select_videos(
            "videos",
            f"source = $1 and video in {_ANNOTATED} and subject is null and scene is null "
            "and script is null and exists (select 1 from videos where source = $1 and scene is not null)",
            "coalesce(split, '')",
        ),
    ),
    Check(
        "charades-without-graphs",
        Area.GRAPHS,
        Severity.NOTE,
        "Charades videos without annotated frames",
        "Charades videos",
        "Action Genome annotates 9,601 of the 9,848 videos of Charades; a part of the release has fewer.",
        "Nothing, if the number fits what you loaded; else look for a second pickle.",
        _select_videos(
            CHARADES_VIDEOS,
            f"video not in {_ANNOTATED} and exists (select 1 from frames where source = $1)",
            "coalesce(split, '')",
        ),
    ),
    Check(
        "few-frames",
        Area.GRAPHS,
        Severity.NOTE,
        "Videos with few annotated frames",
        "annotated videos",
        f"Fewer than {FEW_FRAMES} frames: a sample of the release rather than the whole, or frames were lost. Between "
        "annotated frames nothing is known; an absent relationship is 'not annotated', never 'not there'.",
        "Do not read change over time from such videos.",
        f"""select any_value(source) as source, video, null::integer as frame_id, min(t_ms) as t_ms,
                   count(*) || case count(*) when 1 then ' frame' else ' frames' end as details
            from frames where source = $1 group by video having count(*) < {FEW_FRAMES}""",
        """select format('{:.2f} frames a video on average, at least {}, at most {}; Action Genome has about 30.',
                         avg(n), min(n), max(n))
           from (select count(*) as n from frames where source = $1 group by video)""",
    ),
    Check(
        "frame-off-midpoint",
        Area.GRAPHS,
        Severity.NOTE,
        "Frames that are no midpoint of a fifth of an action",
        "frames with a time and actions",
        f"Action Genome annotates the middle of each of five equal parts of every action. In real records nearly "
        f"all frames lie at most {NEAR_FRAMES} frame from such a midpoint; less says that the rates are wrong.",
        "If the share is low, give --videos or --rates and build the store again.",
        f"""select source, video, frame_id, t_ms, format('{{}} frames away', distance) as details
            from ({MIDPOINT_DISTANCES}) where distance > {NEAR_FRAMES}""",
        counts=f"""select n_off, case when at_midpoint < n and at_midpoint / n >= 0.9995 then '> 99.9'
                          else format('{{:.1f}}', 100 * at_midpoint / n) end
                          || ' % lie at most {NEAR_FRAMES} frame from a midpoint.'
                   from (select count(*) as n, count(*) filter (distance > {NEAR_FRAMES}) as n_off,
                                count(*) filter (distance <= {NEAR_FRAMES}) as at_midpoint
                         from ({MIDPOINT_DISTANCES}))""",
    ),
    Check(
        "frame-outside-actions",
        Area.GRAPHS,
        Severity.NOTE,
        "Frames at a time when no action happens",
        "frames with a time and actions",
        "Frames were drawn from actions, so nearly all should lie in one; an oracle sees nothing of the others.",
        "If there are many, the rates are wrong: give --videos or --rates and build the store again.",
        _select_frames(
            "t_ms is not null and video in (select video from action_intervals where source = $1) and frame_id not in "
            "(select f.frame_id from frames f join action_intervals i using (source, video) "
            "where f.source = $1 and f.t_ms between i.start_ms and i.end_ms)"
        ),
    ),
    Check(
        "action-object-absent",
        Area.GRAPHS,
        Severity.NOTE,
        "Actions whose object is not in the frame",
        "actions at a frame",
        "The action goes on at this frame, but its object is not among the visible ones: out of sight, out of the "
        "frame, or not annotated. In real records about one in ten is so.",
        "Never take the absence of an object for a negative.",
        """select f.source, f.video, f.frame_id, f.t_ms, a.id || ' ' || a.label || ' without ' || c.name as details
           from frames f join action_intervals i using (source, video) join action_classes a using (action)
           join object_classes c using (class)
           anti join (select frame_id, class from objects where source = $1 and visible) o
           on o.frame_id = f.frame_id and o.class = a.class
           where f.source = $1 and f.t_ms between i.start_ms and i.end_ms""",
    ),
    Check(
        "many-objects",
        Area.GRAPHS,
        Severity.WARNING,
        "Frames with more objects than the release ever has",
        "frames",
        f"More than {MAX_OBJECTS} entries, hidden ones included.",
        "Look at the frames: two annotations may have been joined.",
        f"""select any_value(source) as source, any_value(video) as video, frame_id, any_value(t_ms) as t_ms,
                   count(*) || ' objects' as details
            from objects where source = $1 group by frame_id having count(*) > {MAX_OBJECTS}""",
    ),
)
