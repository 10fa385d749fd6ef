import pytest

from m365_restrict.sandbox.store import Store


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "tenant.db")
    yield opened
    opened.close()


def test_what_is_read_is_a_copy(store):
    store.put("users", "1", {"aliases": ["a"]})
    store.get("users", "1")["aliases"].append("b")
    assert store.get("users", "1") == {"aliases": ["a"]}


def test_a_replaced_document_keeps_its_place(store):
    for key in "abc":
        store.put("users", key, {"n": 1})
    store.put("users", "a", {"n": 2})
    assert [key for key, _ in store.all("users")] == ["a", "b", "c"]


def test_everything_is_there_after_a_restart(store, tmp_path):
    store.put("users", "b", {"n": 1})
    store.put("users", "a", {"n": 2})
    store.delete("users", "b")
    store.next_number("rule")
    store.close()
    again = Store(tmp_path / "tenant.db")
    try:
        assert again.all("users") == [("a", {"n": 2})]
        assert again.next_number("rule") == 2
    finally:
        again.close()


def test_clear_forgets_documents_and_numbers(store):
    store.put("users", "a", {})
    store.next_number("rule")
    store.clear()
    assert store.all("users") == []
    assert store.next_number("rule") == 1


@pytest.mark.parametrize("change", ["put", "delete", "clear"])
def test_a_revision_grows_with_every_change(store, change):
    store.put("users", "a", {})
    before = store.revision("users")
    {
        "put": lambda: store.put("users", "a", {"n": 1}),
        "delete": lambda: store.delete("users", "a"),
        "clear": store.clear,
    }[change]()
    assert store.revision("users") > before


def test_a_snapshot_can_be_restored(store):
    store.put("users", "a", {"n": 1})
    taken = store.snapshot()
    store.put("users", "a", {"n": 2})
    store.put("groups", "g", {})
    store.restore(taken)
    assert store.all("users") == [("a", {"n": 1})]
    assert store.all("groups") == []
