"""Several folders of photos, trained on together."""

from pathlib import Path

import pytest

from models.card_errors import CardError
from models.training.data.data_folders import open_data_folders
from tests.models.training.leaves import draw_folder


def test_the_classes_are_those_of_all_folders_and_a_folder_may_lack_some(tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["healthy", "blight"], range(2))
    orchard = draw_folder(tmp_path / "orchard", ["rust", "blight"], range(2))
    folders = open_data_folders([table, orchard])
    names = ["Drawn__blight", "Drawn__healthy", "Drawn__rust"]
    assert [folder.train.classes for folder in folders] == [names, names]
    assert [folder.val.classes for folder in folders] == [names, names]
    assert [folder.train.absent for folder in folders] == [["Drawn__rust"], ["Drawn__healthy"]]
    assert folders[1].train.labels.tolist() == [0, 0, 2, 2]


def test_a_class_that_is_judged_and_never_trained_on_is_named(tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["healthy", "blight"], range(2))
    (table / "train" / "Drawn__blight").rename(tmp_path / "elsewhere")
    with pytest.raises(CardError, match=r"no class Drawn__blight, but .*table/val has"):
        open_data_folders([table])


def test_folders_of_one_name_could_not_be_told_apart(tmp_path: Path) -> None:
    roots = [draw_folder(tmp_path / at / "leaves", ["blight"], range(1)) for at in ("a", "b")]
    with pytest.raises(CardError, match="two folders of photos are called leaves"):
        open_data_folders(roots)
