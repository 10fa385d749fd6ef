import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[3]
SPEC = importlib.util.spec_from_file_location("write_permissions", ROOT / "tools" / "write_permissions.py")
write_permissions = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(write_permissions)


def test_the_data_file_is_up_to_date():
    assert write_permissions.DATA.read_text(encoding="utf-8") == write_permissions.data_file(
        write_permissions.rows()
    )


def test_the_page_is_up_to_date():
    text = write_permissions.PAGE.read_text(encoding="utf-8")
    assert write_permissions.page(text, write_permissions.rows()) == text


def test_a_quote_ends_no_literal():
    assert "'it''s'" in write_permissions.data_file([{"application": "it's"}])
