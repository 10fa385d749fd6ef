from settings import effective_settings, load_settings

_P = "M365_RESTRICT_"
_GIVEN = {
    f"{_P}REGISTER__SITE": "s",
    f"{_P}POLICY__APPROVERS": "a@x.example,b@x.example",
    f"{_P}POLICY__COUNCILLORS_GROUP": "c@x.example",
    f"{_P}OWNERSHIP__INSTANCE_ID": "i",
    f"{_P}AUTH__WRITER__CLIENT_SECRET": "hush",
    f"{_P}LEDGER__URL": "postgresql://me:hush@db.example/l",
    f"{_P}REGISTER__COLUMNS__ENDSON": "End",
}


def _rows(environ=None, env_file=None):
    return {
        row.name.removeprefix(_P): row
        for row in effective_settings(load_settings(environ or _GIVEN, env_file))
    }


def test_secrets_are_masked():
    assert "hush" not in "".join(row.value for row in _rows().values())
    assert _rows()["AUTH__WRITER__CLIENT_SECRET"].value == "********"
    assert _rows()["LEDGER__URL"].value == "postgresql://me:********@db.example/l"


def test_change_windows_are_shown_as_they_were_written():
    windows = "Mon-Fri 09:00-17:00,Sat 22:00-02:00"
    given = _GIVEN | {f"{_P}SAFETY__CHANGE_WINDOWS": windows}
    assert _rows(given)["SAFETY__CHANGE_WINDOWS"].value == windows


def test_a_secret_that_is_not_set_is_shown_as_empty():
    assert _rows()["AUTH__READER__CLIENT_SECRET"].value == ""


def test_origin_of_each_value(tmp_path):
    file = tmp_path / "client.env"
    file.write_text(f"{_P}RULES__MODE=enforce\n")
    rows = _rows(env_file=file)
    assert rows["RULES__MODE"].origin == str(file)
    assert rows["REGISTER__SITE"].origin == "environment"
    assert rows["RULES__PLACE"].origin == "default"


def test_values_are_written_as_they_are_read():
    rows = _rows()
    assert rows["POLICY__APPROVERS"].value == "a@x.example,b@x.example"
    assert rows["CHOICES__CREATE_FOLDER"].value == "false"
    assert rows["REGISTER__COLUMNS__ENDSON"].value == "End"


def test_what_is_shown_loads_again():
    shown = {row.name: row.value for row in _rows().values() if "SECRET" not in row.name}
    again = load_settings(shown, None)
    assert again.policy == load_settings(_GIVEN, None).policy
