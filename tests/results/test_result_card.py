"""The card of a result: what it can see, what is impossible, and numbers by the hash of the weights that took part."""

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from ag_core.catalog import DETECTORS, HOME_WORLD, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.evaluation.protocol import Owner
from ag_core.files import hash_file
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.results.prediction_schema import build_prediction_schema
from ag_core.results.result_card import LOG, build_result_card, with_card
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, Mode
from tests.conftest import stand_in_prediction


def with_models(prediction: Prediction, *uses: ModelUse) -> Prediction:
    return replace(prediction, models=uses)


def test_what_a_coco_detector_cannot_find_is_said_with_the_actions_that_are_about_it() -> None:
    plain = stand_in_prediction("AB1CD")
    uses = [ModelUse("yolox", "detector", "onnx", "1" * 64, "COCO"), plain.models[1]]
    uses += [ModelUse(name, name, "demo", "3" * 64, "home world") for name in ("lfb", "sgfb")]
    uses.append(ModelUse("habits", "habits", "evidence 0.5", "4" * 64, "Action Genome annotations"))
    card = build_result_card(with_models(plain, *uses))
    assert len(card.unseen) == 21 and "door" in card.unseen and "chair" not in card.unseen
    about = {ACTIONS[action].object_class for action in card.about_unseen}
    assert {OBJECT_CLASSES[one] for one in about if one is not None} <= set(card.unseen)
    assert card.never_trained == {"LFB": card.never_trained["SGFB"], "SGFB": card.never_trained["LFB"]}
    assert len(card.never_trained["LFB"]) == 151
    nobody = build_result_card(replace(with_models(plain, *uses), actions=()))
    assert "actions" not in nobody.to_text(), "where nobody was seen, nothing is said of actions"
    text = card.to_text()
    label = DETECTORS["yolox"].label
    assert f"- Objects: {label}, trained on COCO photographs; can find 14 of the 35 classes." in text
    assert "- Actions: LFB and SGFB, trained on the synthetic home world." in text
    habits = "put right by the habits of real homes, counted on Action Genome annotations"
    assert f"- Relationships: RelDN, trained on the synthetic home world; {habits}." in text
    assert "LFB and SGFB can never name 151 actions" in text
    assert f"{len(card.about_unseen)} of the 157 actions are about something that is never found" in text
    assert "RelDN, measured: not with these weights" in text  # nobody measured weights of such a hash


@pytest.mark.skipif(not LOG.is_file(), reason="a checkout's log")
def test_numbers_are_those_of_the_weights_that_took_part() -> None:
    plain, data = stand_in_prediction("AB1CD"), "home world"
    boxes, reldn = (
        hash_file(entry.weights_path(WEIGHTS)) for entry in (find_detector(HOME_WORLD), find_relation_head("reldn"))
    )
    detector = ModelUse("faster-rcnn", "detector", "demo", boxes, data)
    head, regions = ModelUse("reldn", "relations", "demo", reldn, data), replace(detector, role="regions")
    of_detector, of_head = (
        part.measured for part in build_result_card(with_models(plain, detector, regions, head)).parts
    )
    for metric in (*of_detector, *of_head):
        assert metric.origin.command and metric.origin.owner == Owner.OURS_HOME
    unknown = replace(detector, sha256="7" * 64)
    other = build_result_card(with_models(plain, unknown, regions, replace(head, sha256="7" * 64)))
    assert not any(part.measured for part in other.parts)
    assert other.unseen == () and "can find all 35 classes" in other.list_sentences()[0]
    # With boxes of another detector, what the head was worth with boxes given is told.
    [_, mixed] = build_result_card(with_models(plain, unknown, regions, head)).parts
    assert {metric.protocol.mode for metric in mixed.measured} == ({Mode.PREDCLS} if of_head else set())
    assert mixed.how == ("with boxes given" if of_head else "")


def test_a_file_that_is_handed_out_carries_the_card(tmp_path: Path) -> None:
    prediction = stand_in_prediction("AB1CD")
    assert "card" not in prediction.to_json()
    handed_out = with_card(prediction)
    assert list(handed_out.card) == build_result_card(prediction).list_sentences() and handed_out.card
    handed_out.save(tmp_path / "prediction.json")
    assert Prediction.load(tmp_path / "prediction.json").card == handed_out.card
    jsonschema.Draft202012Validator(build_prediction_schema()).validate(handed_out.to_json())
    damaged = handed_out.to_json() | {"card": [3]}
    with pytest.raises(UserError, match="this prediction is damaged"):
        Prediction.from_json(damaged)
