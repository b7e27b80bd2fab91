"""What to look for in the Charades rows: blank cells, odd intervals, splits. Facts: methods A1."""

from ag_core.doctor.check import CHARADES_VIDEOS, Area, Check, Severity

USUAL_LENGTH_S = (5, 90)

_OF_VIDEO = "source, video, null::integer as frame_id, null::integer as t_ms"

# The times as they were written: the reader keeps them in the key of the issue, 'AB1CD c107 1.20 5.00'.
_WRITTEN = """
    select v.source, v.video, null::integer as frame_id, 1000 * least(start_s, v.duration_s) as t_ms, start_s, end_s,
           v.duration_s, action || format(' from {:.2f} to {:.2f} s in a video of {:.2f} s', start_s, end_s,
           coalesce(v.duration_s, 'nan'::double)) as details
    from (
        select split_part(key, ' ', 1) as video_id, split_part(key, ' ', 2) as action,
               try_cast(split_part(key, ' ', 3) as double) as start_s,
               try_cast(split_part(key, ' ', 4) as double) as end_s
        from issues
        where kind in ('interval-ends-late', 'interval-starts-late', 'interval-starts-early', 'interval-reversed')
    ) join videos v using (video_id) where v.source = $1"""

_BLANK = (
    ("subject", "subject", "who acts, so subjects of the two splits cannot be told apart"),
    ("scene", "scene", "where it happens, so the video is missing from every search by scene"),
    ("quality", "quality", "how good the video is"),
    ("relevance", "relevance", "how well the video follows its script"),
    ("verified", "verified", "whether a second person agreed with the annotation"),
    ("script", "script", "what the person was asked to do, so searches in the text miss the video"),
    ("object_nouns", "objects", "which things the annotators named"),
    ("descriptions", "descriptions", "what the annotators saw"),
)
"""Column of the store, column of the file, what its cell would have said."""

CHECKS: tuple[Check, ...] = (
    *(
        Check(
            f"blank-{column.replace('_', '-')}",
            Area.CHARADES,
            Severity.NOTE,
            f"Blank cells in the column '{written}'",
            "Charades videos",
            f"Nobody wrote down {meaning}. The store keeps the cell empty; it is not zero and not 'No'.",
            "Leave such videos out where the column matters; nothing else depends on it.",
            f"select {_OF_VIDEO}, coalesce(scene, '') as details from {CHARADES_VIDEOS} where {column} is null",
        )
        for column, written, meaning in _BLANK
    ),
    Check(
        "videos-without-actions",
        Area.CHARADES,
        Severity.NOTE,
        "Videos without actions",
        "Charades videos",
        "The field 'actions' is empty, which says that nobody labelled the video, not that nothing happens. "
        "Published results train and test without them (7,811 and 1,814 videos remain).",
        "Leave them out of training and of mean average precision.",
        f"""select {_OF_VIDEO}, coalesce(script, '') as details from {CHARADES_VIDEOS}
            where video not in (select video from action_intervals where source = $1)""",
        f"""select format('{{:.2f}} intervals a video on average, at most {{}}.', avg(n), max(n)) from (
                select count(i.video) as n from {CHARADES_VIDEOS} v left join action_intervals i using (source, video)
                group by v.video)""",
    ),
    Check(
        "length-unusual",
        Area.CHARADES,
        Severity.NOTE,
        f"Videos shorter than {USUAL_LENGTH_S[0]} s or longer than {USUAL_LENGTH_S[1]} s",
        "Charades videos",
        "Charades asked for videos of about 30 s. Very short ones may be cut, very long ones hold most of the clips "
        "when clips are drawn evenly from time.",
        "Nothing; draw the same number of clips from each video, as published results do.",
        f"""select {_OF_VIDEO}, format('{{:.2f}} s', duration_s) as details from {CHARADES_VIDEOS}
            where duration_s not between {USUAL_LENGTH_S[0]} and {USUAL_LENGTH_S[1]}""",
        f"""select format('From {{:.2f}} to {{:.2f}} s, {{:.1f}} s on average.', min(duration_s), max(duration_s),
                          avg(duration_s)) from {CHARADES_VIDEOS}""",
    ),
    Check(
        "interval-ends-late",
        Area.CHARADES,
        Severity.NOTE,
        "Intervals that end after the video",
        "intervals",
        "Annotators marked ends a little beyond the length in the file. The store ends them with the video.",
        "Nothing; expect it, since nearly every third interval of Charades is so.",
        f"select * from ({_WRITTEN}) where end_s > duration_s",
        f"""select format('At most {{:.2f}} s too late.', max(end_s - duration_s))
            from ({_WRITTEN}) where end_s > duration_s""",
    ),
    Check(
        "interval-starts-late",
        Area.CHARADES,
        Severity.WARNING,
        "Intervals that start after the video",
        "intervals",
        "The action would begin when the video is over. The store keeps it as a point at the end, so that the label "
        "of the whole video still holds.",
        "Look at the videos; leave the interval out where the time matters.",
        f"select * from ({_WRITTEN}) where start_s > duration_s",
    ),
    Check(
        "interval-reversed",
        Area.CHARADES,
        Severity.WARNING,
        "Intervals that end before they start",
        "intervals",
        "Start and end are in the wrong order, or one of them is mistyped. The store keeps a point at the start, so "
        "that the label of the whole video still holds.",
        "Look at the videos; leave the interval out where the time matters.",
        f"select * from ({_WRITTEN}) where end_s < start_s",
    ),
    Check(
        "interval-point",
        Area.CHARADES,
        Severity.NOTE,
        "Intervals without a length",
        "intervals",
        "Start and end are the same as written. The label holds for the video; in no interval of it.",
        "Nothing for labels of whole videos; leave them out where duration matters.",
        """select source, video, null::integer as frame_id, start_ms as t_ms, a.id || ' ' || a.label as details
           from action_intervals join action_classes a using (action)
           where source = $1 and start_ms = end_ms and repair is null""",
    ),
    Check(
        "interval-outside",
        Area.CHARADES,
        Severity.ERROR,
        "Intervals outside their video in the store",
        "intervals",
        "After the repairs every interval must lie within its video; here one does not.",
        "Build the store again; if it stays, the store was not made by build-store.",
        """select i.source, i.video, null::integer as frame_id, start_ms as t_ms,
                  a.id || format(' from {} to {} ms in a video of {:.2f} s', start_ms, end_ms, duration_s) as details
           from action_intervals i join videos v using (source, video) join action_classes a using (action)
           where i.source = $1 and (start_ms < 0 or end_ms < start_ms or end_ms > 1000 * v.duration_s + 1)""",
    ),
    Check(
        "action-again",
        Area.CHARADES,
        Severity.NOTE,
        "Intervals of a class that the video already has",
        "intervals",
        "One action may happen several times in a video. A label of the whole video counts it once.",
        "Count distinct classes, not intervals, wherever videos are labelled.",
        """select source, video, null::integer as frame_id, start_ms as t_ms,
                  format('{} {}, number {} in this video', a.id, a.label, number) as details
           from (
               select *, row_number() over (partition by video, action order by start_ms, end_ms) as number
               from action_intervals where source = $1
           ) join action_classes a using (action) where number > 1""",
        """select format('{:,} distinct pairs of video and class in {:,} intervals.', count(distinct (video, action)),
                         count(*)) from action_intervals where source = $1""",
    ),
    Check(
        "action-never",
        Area.CHARADES,
        Severity.NOTE,
        "Actions that never occur",
        "action classes",
        "No interval has this class, so it cannot be learned and its average precision is undefined.",
        "Leave such classes out of a mean, and say over how many classes it is taken.",
        """select $1 as source, null::integer as video, null::integer as frame_id, null::integer as t_ms,
                  id || ' ' || label as details
           from action_classes where action not in (select action from action_intervals where source = $1)""",
    ),
    Check(
        "not-verified",
        Area.CHARADES,
        Severity.NOTE,
        "Videos that are not verified",
        "Charades videos",
        "The column 'verified' says No: no second annotator agreed that the labels are right.",
        "Keep them, as everybody does, or leave them out and say so.",
        f"select {_OF_VIDEO}, coalesce(script, '') as details from {CHARADES_VIDEOS} where not verified",
    ),
    Check(
        "grade-outside",
        Area.CHARADES,
        Severity.WARNING,
        "Grades outside 1 to 7",
        "Charades videos",
        "Quality and relevance are given on a scale from 1 to 7.",
        "Correct the row in the Charades file and build the store again.",
        f"""select {_OF_VIDEO}, format('quality {{}}, relevance {{}}', coalesce(quality::varchar, 'blank'),
                                       coalesce(relevance::varchar, 'blank')) as details
            from {CHARADES_VIDEOS} where quality not between 1 and 7 or relevance not between 1 and 7""",
    ),
    Check(
        "scene-commentary",
        Area.CHARADES,
        Severity.NOTE,
        "Scenes with commentary",
        "Charades videos",
        "Some scene names explain themselves in brackets: 'Entryway (A hall that is ...)'. Screens show the part "
        "before the bracket; the store keeps the whole name.",
        "Compare scenes by the part before the bracket.",
        f"select {_OF_VIDEO}, scene as details from {CHARADES_VIDEOS} where contains(scene, '(')",
        f"""select format('{{}} scenes, {{}} of them with commentary.', count(distinct scene),
                          count(distinct scene) filter (contains(scene, '('))) from {CHARADES_VIDEOS}""",
    ),
    Check(
        "subject-in-both-splits",
        Area.CHARADES,
        Severity.WARNING,
        "Subjects in both splits",
        "subjects",
        "The official splits share no person. A person in both makes test results look better than they are.",
        "Use the official files, or split anew by subject.",
        """select any_value(source) as source, min(video) as video, null::integer as frame_id, null::integer as t_ms,
                  format('subject {}: {} videos of train, {} of test', subject, count(*) filter (split = 'train'),
                         count(*) filter (split = 'test')) as details
           from videos where source = $1 and subject is not null
           group by subject having count(distinct split) > 1""",
    ),
    Check(
        "video-in-both-splits",
        Area.CHARADES,
        Severity.ERROR,
        "Videos in both splits",
        "videos",
        "A video that is trained on and tested on makes every result worthless.",
        "Remove it from one of the two files and build the store again.",
        """select any_value(source) as source, min(video) as video, null::integer as frame_id, null::integer as t_ms,
                  string_agg(split, ' and ' order by split) as details
           from videos where source = $1 group by video_id having count(*) > 1""",
    ),
    Check(
        "split-unknown",
        Area.CHARADES,
        Severity.WARNING,
        "Videos of no split",
        "videos",
        "Neither the name of the Charades file nor Action Genome's metadata says train or test, so a filter by split "
        "never finds the video.",
        "Name the files Charades_v1_train.csv and Charades_v1_test.csv and build the store again.",
        f"select {_OF_VIDEO}, '' as details from videos where source = $1 and split is null",
    ),
)
