"""What to look for in the predictions of a store, every model run alike: scores, boxes, videos, rates."""

from ag_core.doctor.check import Area, Check, Severity

_OF_VIDEO = "p.source, p.video, null::integer as frame_id, null::integer as t_ms"
_WRONG_SCORE = "(score is null or isnan(score) or score < 0 or score > 1)"

CHECKS: tuple[Check, ...] = (
    Check(
        "score-outside",
        Area.PREDICTIONS,
        Severity.ERROR,
        "Objects, persons and relationships with a score outside 0 to 1",
        "predicted scores",
        "A score is a probability. Ranking and thresholds are wrong with any other number.",
        "Make the prediction again; a file from another program must hold probabilities, not logits.",
        f"""select source, video, frame_id, t_ms, source || format(', object score {{}}', score) as details
            from objects where source <> $1 and {_WRONG_SCORE}
            union all
            select source, video, frame_id, t_ms, source || format(', person score {{}}', person_score) as details
            from frames where source <> $1 and person_x1 is not null and {_WRONG_SCORE.replace("score", "person_score")}
            union all
            select source, video, frame_id, t_ms, source || format(', relationship score {{}}', score) as details
            from relations where source <> $1 and {_WRONG_SCORE}""",
    ),
    Check(
        "action-score-outside",
        Area.PREDICTIONS,
        Severity.ERROR,
        "Action scores outside 0 to 1",
        "predicted action scores",
        "A score is a probability. The action lists of Compare and Run show it as percent.",
        "Make the prediction again; a file from another program must hold probabilities, not logits.",
        f"""select source, video, null::integer as frame_id, null::integer as t_ms,
                   format('{{}}, {{}}, {{}}: {{}}', source, model, a.id, score) as details
            from action_scores join action_classes a using (action) where source <> $1 and {_WRONG_SCORE}""",
    ),
    Check(
        "predicted-box-outside",
        Area.PREDICTIONS,
        Severity.WARNING,
        "Predicted boxes that leave the frame",
        "predicted objects",
        "A box ends more than a pixel outside the frame: the prediction was made at another size.",
        "Predict from the same file; boxes belong in the pixels of the video, not of the network's input.",
        """select o.source, o.video, o.frame_id, o.t_ms,
                  format('{}, {:.0f}, {:.0f} to {:.0f}, {:.0f} in {} x {}', o.source, x1, y1, x2, y2, v.width,
                         v.height) as details
           from objects o join videos v using (source, video)
           where o.source <> $1 and not isnan(x1 + y1 + x2 + y2)
           and (x1 < -1 or y1 < -1 or x2 > v.width + 1 or y2 > v.height + 1)""",
    ),
    Check(
        "predicted-box-empty",
        Area.PREDICTIONS,
        Severity.WARNING,
        "Predicted boxes without an area",
        "predicted objects",
        "The box is as thin as a line or turned round; its overlap with anything is zero.",
        "Leave such boxes out, or correct the order of the corners: x1, y1, x2, y2.",
        """select source, video, frame_id, t_ms,
                  format('{}, {:.1f}, {:.1f} to {:.1f}, {:.1f}', source, x1, y1, x2, y2) as details
           from objects where source <> $1 and (x2 <= x1 or y2 <= y1)""",
    ),
    Check(
        "predicted-video-unknown",
        Area.PREDICTIONS,
        Severity.NOTE,
        "Predicted videos that nobody annotated",
        "predicted videos",
        "The video is not among the annotated ones, so its prediction can be watched but not scored.",
        "Nothing, if it is a video of your own; else compare the file's name with the video's id.",
        """select any_value(source) as source, video, null::integer as frame_id, null::integer as t_ms,
                  string_agg(source, ', ' order by source) as details
           from videos where source <> $1 and video not in (select video from videos where source = $1)
           group by video""",
    ),
    Check(
        "predicted-rate-differs",
        Area.PREDICTIONS,
        Severity.WARNING,
        "Predictions at another rate than the annotation",
        "predictions of annotated videos",
        "Frame numbers mean other times: prediction and annotation would be compared at different moments.",
        "Predict from the very file that the store was built with.",
        f"""select {_OF_VIDEO}, format('{{}}: {{:.3f}}, annotation {{:.3f}} frames a second', p.source, p.fps,
                                      a.fps)
                   || case when (p.frame_times_s is null) <> (a.frame_times_s is null)
                           then ', evenly spaced in one of them only' else '' end as details
            from videos p join videos a on a.source = $1 and a.video = p.video
            where p.source <> $1 and (abs(p.fps - a.fps) > 0.01 * a.fps
                or a.path is not null and (p.frame_times_s is null) <> (a.frame_times_s is null))""",
    ),
    Check(
        "predicted-frame-behind-end",
        Area.PREDICTIONS,
        Severity.ERROR,
        "Predicted frames behind the end of their video",
        "predicted frames",
        "The video has fewer frames than the prediction's frame number.",
        "Predict from the very file that the store was built with.",
        """select f.source, f.video, f.frame_id, f.t_ms, format('{}, last is {}', f.source, v.n_frames) as details
           from frames f join videos v using (source, video) where f.source <> $1 and f.frame > v.n_frames""",
    ),
    Check(
        "prediction-without-graphs",
        Area.PREDICTIONS,
        Severity.NOTE,
        "Predictions without a graph",
        "predictions",
        "The run gave actions only, or stopped before the first graph.",
        "Predict again where graphs are wanted.",
        f"""select {_OF_VIDEO}, p.source as details from videos p where p.source <> $1
            and not exists (select 1 from frames f where f.source = p.source and f.video = p.video)""",
    ),
)
