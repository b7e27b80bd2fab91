"""What to look for in annotated objects and relationships: contradictions, boxes, classes. Facts: methods A3."""

from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.doctor.check import Area, Check, Severity
from ag_core.taxonomy import GROUP_SLICES, N_RELATIONS, Group, find_relation_index

MAX_SPATIAL, MAX_CONTACTS = 5, 4
"""The release never has more relationships of these groups on one object."""

OTHER_BIT = 1 << N_RELATIONS


def _mask_relations(*names: str) -> int:
    return sum(1 << find_relation_index(name) for name in names)


def _mask_group(group: Group) -> int:
    return sum(1 << relation for relation in range(N_RELATIONS)[GROUP_SLICES[group]])


ATTENTION, SPATIAL = _mask_group(Group.ATTENTION), _mask_group(Group.SPATIAL)
CONTACT = _mask_group(Group.CONTACT) | OTHER_BIT
FREE = _mask_relations("not_contacting")


def _count(group: int) -> str:
    return f"bit_count((relation_mask & {group})::bigint)"


def _match_relations(*names: str) -> str:
    return f"relation_mask & {_mask_relations(*names)} = {_mask_relations(*names)}"


def _select_objects(condition: str, details: str = "c.name") -> str:
    """Rows of annotated objects for which a condition on columns of objects holds."""
    return f"""select source, video, frame_id, t_ms, {details} as details
               from objects join object_classes c using (class) where source = $1 and {condition}"""


_SAME_BOX = """
    select any_value(source) as source, any_value(video) as video, frame_id, any_value(t_ms) as t_ms,
           string_agg(name, ' and ' order by class) as details
    from objects join object_classes using (class)
    where source = $1 and visible group by frame_id, x1, y1, x2, y2 having count(*) > 1"""

CHECKS: tuple[Check, ...] = (
    Check(
        "attention-not-one",
        Area.GRAPHS,
        Severity.WARNING,
        "Objects without exactly one attention relationship",
        "visible objects",
        "A person looks at an object, does not, or nobody knows: exactly one of three. Heads treat attention as one "
        "choice and would learn a contradiction.",
        "Look at the frames; leave the object out of attention losses.",
        _select_objects(
            f"visible and {_count(ATTENTION)} <> 1",
            f"c.name || ', ' || {_count(ATTENTION)} || ' of them'",
        ),
    ),
    Check(
        "spatial-missing",
        Area.GRAPHS,
        Severity.WARNING,
        "Objects without a spatial relationship",
        "visible objects",
        "In the release every visible object has at least one.",
        "Look at the frames; an absent relationship is 'not annotated', never a negative.",
        _select_objects(f"visible and {_count(SPATIAL)} = 0"),
    ),
    Check(
        "contact-missing",
        Area.GRAPHS,
        Severity.WARNING,
        "Objects without a contact relationship",
        "visible objects",
        "In the release every visible object has at least one, 'not contacting' being one of them.",
        "Look at the frames; an absent relationship is 'not annotated', never a negative.",
        _select_objects(f"visible and {_count(CONTACT)} = 0"),
    ),
    Check(
        "contact-contradiction",
        Area.GRAPHS,
        Severity.WARNING,
        "Objects both touched and not contacted",
        "visible objects",
        "'not contacting' stands beside another contact. The store keeps both, as annotated.",
        "Decide which to believe, say so, and do the same in training and evaluation.",
        _select_objects(
            f"visible and relation_mask & {FREE} <> 0 and relation_mask & {CONTACT & ~FREE} <> 0",
            """c.name || ': ' || (select string_agg(replace(n.name, '_', ' '), ', ' order by n.relation nulls last)
               from relation_classes n where n."group" = 'contact'
               and relation_mask & (1 << coalesce(n.relation::integer, $OTHER)) <> 0)""".replace(
                "$OTHER", str(N_RELATIONS)
            ),
        ),
    ),
    Check(
        "spatial-contradiction",
        Area.GRAPHS,
        Severity.NOTE,
        "Objects on opposite sides of the person",
        "visible objects",
        "Above and beneath, or in front of and behind, at once: sometimes true of large things such as a sofa.",
        "Nothing; expect it where spatial relationships are counted.",
        _select_objects(
            f"visible and ({_match_relations('above', 'beneath')} or {_match_relations('in_front_of', 'behind')})",
            f"c.name || case when {_match_relations('above', 'beneath')} then ', above and beneath' else '' end "
            f"|| case when {_match_relations('in_front_of', 'behind')} then ', in front of and behind' else '' end",
        ),
    ),
    Check(
        "many-relationships",
        Area.GRAPHS,
        Severity.WARNING,
        "Objects with more relationships than the release ever has",
        "visible objects",
        f"More than {MAX_SPATIAL} spatial or {MAX_CONTACTS} contact relationships on one object.",
        "Look at the frames: two annotations may have been joined.",
        _select_objects(
            f"visible and ({_count(SPATIAL)} > {MAX_SPATIAL} or {_count(CONTACT)} > {MAX_CONTACTS})",
            f"c.name || ', ' || {_count(SPATIAL)} || ' spatial, ' || {_count(CONTACT)} || ' contact'",
        ),
    ),
    Check(
        "other-relationship",
        Area.GRAPHS,
        Severity.NOTE,
        "Objects with 'other relationship'",
        "visible objects",
        "A 26th label of the release, inside the contact group, that is none of the paper's 25. The store keeps it and "
        "counts it apart.",
        "Leave it out of the 25; never assume that contacts are a slice of the released list.",
        _select_objects(f"visible and relation_mask & {OTHER_BIT} <> 0"),
    ),
    Check(
        "attention-unsure",
        Area.GRAPHS,
        Severity.NOTE,
        "Objects whose attention is 'unsure'",
        "visible objects",
        "The annotator could not see where the person looks. It is a class of its own, not a missing value.",
        "Keep it as one of the three classes, as published results do.",
        _select_objects(f"visible and {_match_relations('unsure')}"),
    ),
    Check(
        "hidden-objects",
        Area.GRAPHS,
        Severity.NOTE,
        "Hidden objects",
        "objects",
        "The object belongs to the action but is not visible in this frame; it has no box and no relationships.",
        "Nothing: they are never drawn and never counted as boxes.",
        _select_objects("not visible"),
    ),
    Check(
        "hidden-with-content",
        Area.GRAPHS,
        Severity.ERROR,
        "Hidden objects with a box or relationships in the store",
        "objects",
        "A hidden object must have neither; counts would be too high.",
        "Build the store again; if it stays, the store was not made by build-store.",
        _select_objects("not visible and (relation_mask <> 0 or not isnan(coalesce(x1, 'nan'::float)))"),
    ),
    Check(
        "object-class-never",
        Area.GRAPHS,
        Severity.NOTE,
        "Object classes that never occur",
        "object classes",
        "No visible object has this class, so nothing can be learned or measured of it.",
        "Say over how many classes a mean is taken.",
        """select $1 as source, null::integer as video, null::integer as frame_id, null::integer as t_ms,
                  name as details
           from object_classes where class > 0
           and class not in (select class from objects where source = $1 and visible)""",
    ),
    Check(
        "relationship-never",
        Area.GRAPHS,
        Severity.NOTE,
        "Relationships that never occur",
        "relationships",
        "No object has this relationship, so nothing can be learned or measured of it.",
        "Say over how many relationships a mean is taken.",
        """select $1 as source, null::integer as video, null::integer as frame_id, null::integer as t_ms,
                  "group" || ': ' || replace(name, '_', ' ') as details
           from relation_classes where relation is not null and relation not in
           (select relation from relations where source = $1 and relation is not null)""",
    ),
    Check(
        "box-of-two-classes",
        Area.GRAPHS,
        Severity.NOTE,
        "Boxes that carry several classes",
        "visible objects",
        "Two objects of a frame have exactly the same box: book and paper/notebook, food and sandwich. It is one thing "
        "under two names.",
        "Draw the labels side by side; do not count two things.",
        _SAME_BOX,
        f"""select 'Most often ' || string_agg(format('{{}} ({{:,}})', details, n), ', ' order by n desc, details)
            || '.' from (select details, count(*) as n from ({_SAME_BOX})
            group by details order by n desc, details limit 3)""",
    ),
    Check(
        "small-objects",
        Area.GRAPHS,
        Severity.NOTE,
        "Small objects",
        "visible objects",
        f"The shorter side of the box is at most {SMALL_SIDE:.0f} pixels. Published results that must find boxes "
        "(SGCls, SGDet) leave these objects out; those that are given boxes (PredCls) keep them.",
        "Choose the filter that belongs to the protocol, and name it.",
        _select_objects(
            f"visible and least(x2 - x1, y2 - y1) <= {SMALL_SIDE}",
            "c.name || format(', {:.0f} x {:.0f} pixels', x2 - x1, y2 - y1)",
        ),
    ),
    Check(
        "box-outside-picture",
        Area.GRAPHS,
        Severity.ERROR,
        "Boxes that leave the frame",
        "visible objects",
        "On reading, boxes are cut to the frame that person_bbox.pkl names. One that still leaves the frame was "
        "drawn on a video of another size than the file at hand.",
        "Fetch the original video; boxes are pixels of the original, not of a resized copy.",
        """select o.source, o.video, o.frame_id, o.t_ms,
                  format('{}, {:.0f}, {:.0f} to {:.0f}, {:.0f} in {} x {}', c.name, x1, y1, x2, y2, v.width,
                         v.height) as details
           from objects o join videos v using (source, video) join object_classes c using (class)
           where o.source = $1 and o.visible
           and (x1 < -1 or y1 < -1 or x2 > v.width + 1 or y2 > v.height + 1)""",
    ),
)
