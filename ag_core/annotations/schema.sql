-- The annotation store. Annotations and predictions share the tables; `source` says whose a row is: 'annotation', the
-- name of a further annotation (such as 'dense', the exact truth of the home world), or 'prediction:DETECTOR+HEAD'.
-- `video` is a number within this file; the views at the end have names.
-- Times are whole milliseconds, frames count from 1 at the video's own rate, boxes are x1, y1, x2, y2 in pixels.

-- fingerprint tells what the file was built from, so that the same inputs are not read again
create table store_format (name varchar, version integer, fingerprint varchar);
create table sources (source varchar, kind varchar, detail varchar);
-- kind is one of ag_core.annotations.readers.issues.Kind
create table issues (kind varchar, file varchar, key varchar, reason varchar);

create table object_classes (class utinyint, name varchar);
create table relation_classes (relation utinyint, name varchar, "group" varchar);
create table action_classes (action utinyint, id varchar, label varchar, verb varchar, class utinyint);

-- frame_times_s: seconds at which each of the n_frames is shown, where they are not evenly spaced; otherwise null, and
-- frame k is shown at (k - 1) / fps
-- part is 'iid' or 'comp' where a split has parts, as the val split of the home world does
create table videos (
    source varchar, video integer, video_id varchar, split varchar, subject varchar, scene varchar, script varchar,
    duration_s double, fps double, width integer, height integer, n_frames integer, path varchar,
    frame_times_s double[],
    quality utinyint, relevance utinyint, verified boolean, object_nouns varchar, descriptions varchar, part varchar
);
create table action_intervals (
    source varchar, video integer, action utinyint, start_ms integer, end_ms integer, repair varchar
);
create table frames (
    source varchar, frame_id integer, video integer, frame integer, t_ms integer,
    person_x1 float, person_y1 float, person_x2 float, person_y2 float, person_score float
);
-- visible: whether the object counts; annotated, that it can be seen; predicted, that it is the best of its class in its
-- frame and clear enough. relation_mask: bit r says that relationship r holds (of no object that does not count), bit 25
-- that `other_relationship` was annotated
create table objects (
    source varchar, object_id integer, frame_id integer, video integer, t_ms integer, class utinyint, visible boolean,
    score float, x1 float, y1 float, x2 float, y2 float, relation_mask uinteger
);
-- what can be seen of objects that are too small or too hidden for `objects`: to find them is no mistake, nor is to miss
-- them. Known of exact truth alone
create table faint_objects (
    source varchar, frame_id integer, video integer, t_ms integer, class utinyint, x1 float, y1 float, x2 float, y2 float
);
-- an annotated relationship, or one of the 25 probabilities of a predicted object, whatever it is;
-- relation is null for `other_relationship`, which is none of the 25
create table relations (
    source varchar, object_id integer, frame_id integer, video integer, t_ms integer, class utinyint,
    relation utinyint, score float
);
-- those that hold, by class, for questions that begin with an object or a relationship
create table relations_by_class (
    source varchar, class utinyint, relation utinyint, video integer, t_ms integer, frame_id integer,
    object_id integer, score float
);
-- how many relationships hold, counted once
create table relation_cube (
    source varchar, split varchar, class utinyint, relation utinyint, relations integer, videos integer
);
-- why relationships hold that were put right for real homes: what each part gave to the log odds, which are their sum
create table relation_reasons (
    source varchar, object_id integer, frame_id integer, video integer, t_ms integer, class utinyint,
    relation utinyint, prior float, geometry float, hands float, network float, steadiness float
);
create table action_scores (source varchar, video integer, model varchar, action utinyint, score float);

create view named_actions as
select i.source, v.video_id, v.split, a.id as action_id, a.label as action, a.verb, c.name as object,
       i.start_ms / 1000 as start_s, i.end_ms / 1000 as end_s
from action_intervals i join videos v using (source, video) join action_classes a using (action)
left join object_classes c on c.class = a.class;

create view named_objects as
select o.source, v.video_id, v.split, f.frame, o.t_ms / 1000 as time_s, c.name as object, o.visible, o.score,
       o.x1, o.y1, o.x2, o.y2
from objects o join frames f using (source, frame_id) join videos v on v.source = o.source and v.video = o.video
join object_classes c on c.class = o.class;

create view named_relations as
select r.source, v.video_id, v.split, f.frame, r.t_ms / 1000 as time_s, c.name as object, n.name as relation,
       n."group", r.score
from relations r join frames f using (source, frame_id) join videos v on v.source = r.source and v.video = r.video
join object_classes c on c.class = r.class join relation_classes n on n.relation is not distinct from r.relation;

create view named_reasons as
select r.source, v.video_id, v.split, f.frame, r.t_ms / 1000 as time_s, c.name as object, n.name as relation,
       r.prior, r.geometry, r.hands, r.network, r.steadiness,
       r.prior + r.geometry + r.hands + r.network + r.steadiness as log_odds
from relation_reasons r join frames f using (source, frame_id)
join videos v on v.source = r.source and v.video = r.video
join object_classes c on c.class = r.class join relation_classes n on n.relation = r.relation;

create view named_action_scores as
select s.source, v.video_id, s.model, a.id as action_id, a.label as action, s.score
from action_scores s join videos v using (source, video) join action_classes a using (action);
