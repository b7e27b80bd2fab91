-- Turns the parts of a build (views named part_*, see parts.py) into the tables of schema.sql, in their order.
-- Parameters: $annotation, the source of what people annotated; $detail, what it was read from. The statements with
-- $source run once for each source, in order, so that no sort has to compare texts. Each may spill to disk.

create temp table numbers as
select video_id, (row_number() over (order by video_id) - 1)::integer as video
from (select video_id from part_videos union select video_id from part_frames);

-- What the graphs say of a video: the split of its first frame that names one, the size of its frames.
create temp table graph_videos as
select video_id, arg_min(split, frame) filter (where split is not null) as split,
       count(distinct split) as splits, max(width)::integer as width, max(height)::integer as height,
       min(width) <> max(width) or min(height) <> max(height) as sizes_differ,
       max(frame) as last_frame, count(*) as n_frames
from part_frames where source = $annotation group by video_id;

create temp table known_rates as
select n.video_id, coalesce(f.fps, r.fps) as fps, f.frame_times_s
from numbers n left join part_facts f using (video_id) left join part_rates r using (video_id);

insert into sources
select $annotation as source, $annotation as kind, $detail as detail where $detail is not null
union all by name
select source, case when starts_with(source, $prediction) then 'prediction' else $annotation end as kind,
       string_agg(distinct file, ', ' order by file) as detail
from part_videos where source <> $annotation group by source order by source;

create temp table video_parts as
select video_id, min(part) as part from part_videos where part is not null group by video_id;

insert into videos by name
select $annotation as source, n.video, video_id, coalesce(c.split, g.split) as split, c.subject, c.scene, c.script,
       case when c.duration_s > 0 then c.duration_s else coalesce(f.duration_s, c.duration_s) end as duration_s,
       k.fps, coalesce(f.width, g.width) as width, coalesce(f.height, g.height) as height, f.n_frames, f.path,
       f.frame_times_s, c.quality, c.relevance, c.verified, c.object_nouns, c.descriptions, s.part
from (select * from part_videos where source = $annotation) c full join graph_videos g using (video_id)
join numbers n using (video_id) join known_rates k using (video_id) left join part_facts f using (video_id)
left join video_parts s using (video_id)
union all by name
select p.source, n.video, p.video_id, p.split, p.subject, p.scene, p.script, p.duration_s, p.fps, p.width, p.height,
       p.n_frames, p.frame_times_s, coalesce(p.path, f.path) as path, p.quality, p.relevance, p.verified, p.object_nouns, p.descriptions,
       p.part
from part_videos p join numbers n using (video_id) left join part_facts f using (video_id)
where p.source <> $annotation
order by source, video;

insert into action_intervals by name
select $annotation as source, n.video, i.action, i.start_ms, i.end_ms, i.repair
from part_intervals i join numbers n using (video_id) order by video, start_ms, end_ms, action, repair;

-- The place of a row in an ordered temporary table (rowid) is its number.
create or replace temp table placed_frames as
select n.video, p.frame,
       coalesce(p.t_ms, try_cast(round_even(time_of(p.frame, k.fps, k.frame_times_s) * 1000, 0) as integer)) as t_ms,
       p.person_x1, p.person_y1, p.person_x2, p.person_y2, p.person_score
from part_frames p join numbers n using (video_id) join known_rates k using (video_id)
where p.source = $source order by n.video, p.frame;

insert into frames by name select $source as source, rowid::integer as frame_id, * from placed_frames order by rowid;

create or replace temp table placed_objects as
select f.rowid::integer as frame_id, f.video, f.t_ms, p.class, p.visible, p.score, p.x1, p.y1, p.x2, p.y2,
       p.relation_mask, p.scores, p.frame, p.place
from part_objects p join numbers n using (video_id) join placed_frames f on f.video = n.video and f.frame = p.frame
where p.source = $source order by f.rowid, p.place;

insert into objects by name
select $source as source, rowid::integer as object_id, * exclude (scores, frame, place) from placed_objects order by rowid;

insert into faint_objects by name
select $source as source, f.rowid::integer as frame_id, f.video, f.t_ms, p.class, p.x1, p.y1, p.x2, p.y2
from part_faint_objects p join numbers n using (video_id)
join placed_frames f on f.video = n.video and f.frame = p.frame
where p.source = $source order by f.rowid, p.class, p.x1, p.y1, p.x2, p.y2;

-- An annotated relationship is a bit of the mask; a predicted one keeps its probability, whatever it is.
insert into relations by name
select $source as source, o.rowid::integer as object_id, o.frame_id, o.video, o.t_ms, o.class,
       nullif(bit, 25)::utinyint as relation, 1::float as score
from placed_objects o cross join range(26) bits(bit)
where o.scores is null and o.relation_mask & (1::uinteger << bit::uinteger) <> 0
union all by name
select $source as source, o.rowid::integer as object_id, o.frame_id, o.video, o.t_ms, o.class,
       unnest(range(len(o.scores)))::utinyint as relation, unnest(o.scores) as score
from placed_objects o where o.scores is not null
order by object_id, relation nulls first;

-- What holds is a bit of its object's mask; objects are numbered as their rows lie.
insert into relations_by_class by name
select r.source, r.class, relation, r.video, r.t_ms, r.frame_id, object_id, r.score
from relations r join placed_objects o on o.rowid = r.object_id
where relation is not null and r.source = $source and o.relation_mask & (1::uinteger << relation::uinteger) <> 0
order by r.class, relation, object_id;

insert into relation_cube by name
select r.source, v.split, r.class, r.relation, count(*) as relations, count(distinct r.video) as videos
from relations_by_class r join videos v using (source, video)
where r.source = $source group by all order by all;

insert into relation_reasons by name
select $source as source, o.rowid::integer as object_id, o.frame_id, o.video, o.t_ms, o.class, p.relation,
       p.prior, p.geometry, p.hands, p.network, p.steadiness
from part_relation_reasons p join numbers n using (video_id)
join placed_objects o on o.video = n.video and o.frame = p.frame and o.place = p.place
where p.source = $source order by o.rowid, p.relation;

insert into action_scores by name
select p.source, n.video, p.model, p.action, p.score from part_action_scores p join numbers n using (video_id)
order by source, video, model, action;

insert into issues by name
from part_issues
union all by name
select $split_differs as kind, $objects as file, g.video_id as key,
       format('split ''{}'' differs from Charades'' ''{}'', which is kept', g.split, c.split) as reason
from graph_videos g join part_videos c on c.source = $annotation and c.video_id = g.video_id where g.split <> c.split
union all by name
select $split_differs as kind, $objects as file, video_id as key,
       format('frames of the video name different splits; that of its first, ''{}'', is kept', split) as reason
from graph_videos where splits > 1
union all by name
select $rate_unknown as kind, 'frames' as file, video_id as key,
       format('no rate known; {} frames without a time; give videos or rates', n_frames) as reason
from graph_videos join known_rates using (video_id) where fps is null
union all by name
select $frame_behind_end as kind, 'frames' as file, g.video_id as key,
       format('frame {} lies behind the last of {}', g.last_frame, f.n_frames) as reason
from graph_videos g join part_facts f using (video_id) where g.last_frame > f.n_frames
union all by name
select $size_differs as kind, $persons as file, g.video_id as key,
       format('frames of {} x {} were annotated, the file has {} x {}, which is kept', g.width, g.height, f.width,
              f.height) as reason
from graph_videos g join part_facts f using (video_id) where g.width <> f.width or g.height <> f.height
union all by name
select $prediction_differs as kind, p.file, p.video_id as key,
       format('predicted from {} frames of {} x {}, the file has {} of {} x {}', p.n_frames, p.width, p.height, f.n_frames,
              f.width, f.height) as reason
from part_videos p join part_facts f using (video_id)
where p.source <> $annotation and (p.n_frames <> f.n_frames or p.width <> f.width or p.height <> f.height)
union all by name
select $size_differs as kind, $persons as file, video_id as key,
       'frames of the video have different sizes; the largest is kept' as reason
from graph_videos where sizes_differ
union all by name
select $rate_unknown as kind, 'frames' as file, video_id as key,
       format('frame {} at {} frames a second is later than times can be here; it has none', last_frame, fps) as reason
from graph_videos join known_rates using (video_id)
where fps is not null and try_cast(time_of(last_frame, fps, frame_times_s) * 1000 as integer) is null
order by kind, file, key, reason;
